#include "server/flags.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace standoff {
namespace {

constexpr int kUsageStatus = 2;

constexpr char kDescription[] = R"(
standoffd holds real sockets on this host for remote scripts, which open,
connect, send and receive on them over gRPC (standoff.v1).

When it serves, it prints one line for each address to standard output:
  standoffd: listening on ADDRESS
SIGTERM and SIGINT cancel the calls that wait, close all sockets and end it
with status 0. Other exit statuses: 1, it can't serve (an address is in use,
say, or malformed); 2, an unknown flag or a number out of its range.
)";

void AddControlFlags(CLI::App& app, DaemonOptions& options) {
  app.add_option("--listen", options.listen,
                 "Where to listen for control: HOST:PORT, with port 0\n"
                 "for any free one, or unix:PATH. May be given several\n"
                 "times. 0.0.0.0 stands for all addresses, those of\n"
                 "IPv6, too. Default: 127.0.0.1:7411")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  app.add_option("--tls_cert", options.tls.certificate,
                 "TLS: the daemon's certificate chain, PEM. Files that\n"
                 "are replaced are taken up without a restart. Unix\n"
                 "sockets go without TLS; their permissions guard them.")
      ->type_name("FILE");
  app.add_option("--tls_key", options.tls.key,
                 "TLS: the certificate's private key, PEM.")
      ->type_name("FILE");
  app.add_option("--tls_client_ca", options.tls.client_ca,
                 "Mutual TLS: serve only clients with a certificate that\n"
                 "one of these authorities has signed, PEM.")
      ->type_name("FILE");
  app.add_flag("--insecure", options.insecure,
               "Listen without mutual TLS also where other hosts reach\n"
               "it. Whoever does can use this host's network.");
  app.add_flag("--allow_processes", options.allow_processes,
               "Let clients see, in snapshots, the processes of this\n"
               "host that use sockets: their command lines, sockets and\n"
               "threads, and what these wait for. Those of the daemon's\n"
               "user, or all if that is root.");
  app.add_flag("--allow_unknown_options", options.limits.allow_unknown_options,
               "Let clients set socket options, and send control\n"
               "messages, whose numbers the daemon does not know: those\n"
               "of a newer kernel, say. Their values may hold addresses\n"
               "in the daemon's memory.");
  app.add_flag("--channelz", options.channelz,
               "Serve grpc.channelz, too: the state of gRPC's channels.\n"
               "All calls then take somewhat longer.");
}

constexpr int64_t kMostThings = 1'000'000;
constexpr int64_t kMostOperations = 10'000'000;
constexpr int64_t kMostBytes = 1'000'000'000'000;

void AddNumber(CLI::App& app, const std::string& name, int64_t most,
               int64_t& value, const std::string& description) {
  app.add_option("--" + name, value, description)
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, most).description(""));
}

void AddLimit(CLI::App& app, const std::string& name, int64_t most,
              int64_t& value, const std::string& description) {
  AddNumber(app, name, most, value,
            description + " Default: " + std::to_string(value));
}

// Limits of the host, and for each session, which are the same unless given.
void AddLimits(CLI::App& app, const std::string& name, int64_t most,
               int64_t& of_host, int64_t& of_session,
               const std::string& description) {
  AddLimit(app, "max_" + name, most, of_host, description);
  AddNumber(app, "max_session_" + name, most, of_session,
            "The same for each session. Default: as for all.");
}

void AddLimitFlags(CLI::App& app, Limits& limits) {
  AddLimit(app, "max_sessions", kMostThings, limits.max_sessions,
           "How many sessions there may be.");
  AddLimits(app, "sockets", kMostThings, limits.max_sockets,
            limits.max_session_sockets, "How many sockets may be open.");
  AddLimits(app, "waiting_calls", kMostThings, limits.max_waiting_calls,
            limits.max_session_waiting_calls,
            "How many calls may wait; each has a thread.");
  AddLimits(app, "actors", kMostThings, limits.max_actors,
            limits.max_session_actors,
            "How many actors there may be; each has a thread. At\n"
            "the limit, an idle one makes room.");
  AddLimits(app, "operations", kMostOperations, limits.max_operations,
            limits.max_session_operations,
            "How many operations may be queued or in progress.");
  AddLimits(app, "history_bytes", kMostBytes, limits.max_history_bytes,
            limits.max_session_history_bytes,
            "How many bytes of memory operations may take up that\n"
            "have ended.");
  AddLimit(app, "max_history_operations", kMostOperations,
           limits.max_history_operations,
           "How many operations that have ended each session\n"
           "keeps.");
  AddLimit(app, "max_events", kMostOperations, limits.max_events,
           "How many changes of state each session keeps for those\n"
           "who watch.");
  AddLimit(app, "max_transfer", 1'000'000'000, limits.max_transfer,
           "How many bytes one request may send or one reply may\n"
           "return. gRPC takes messages of twice that and a\n"
           "mebibyte.");
  AddLimit(app, "max_pattern_memory", kMostBytes, limits.max_pattern_memory,
           "How many bytes of memory patterns may use that are\n"
           "sent in one system call each.");
}

}  // namespace

std::optional<int> ParseFlags(int argc, char** argv, Flags& flags) {
  CLI::App app(kDescription, "standoffd");
  app.set_version_flag("--version", "standoffd " STANDOFF_VERSION);
  AddControlFlags(app, flags.daemon);
  AddLimitFlags(app, flags.daemon.limits);
  app.add_option("--log_level", flags.log_level,
                 "What to log to standard error: trace, debug, info,\n"
                 "warning, error or off. Default: info")
      ->type_name("LEVEL")
      ->check(
          CLI::IsMember({"trace", "debug", "info", "warning", "error", "off"})
              .description(""));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageStatus;
  }
  return std::nullopt;
}

}  // namespace standoff

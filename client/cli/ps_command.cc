#include "client/cli/ps_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "client/cli/ask_all.h"
#include "client/cli/exit_on_interrupt.h"
#include "client/cli/host_flags.h"
#include "client/cli/json.h"
#include "client/cli/ps_table.h"
#include "client/cli/terminal.h"
#include "client/find_hosts.h"
#include "client/host.h"
#include "client/host_entry.h"

namespace standoff::client {
namespace {

// A host that answers no sooner counts as one that can't be reached.
constexpr absl::Duration kPatience = absl::Seconds(10);

struct PsFlags {
  HostChoice hosts;
  // Empty for all.
  std::string session;
  // What happens anyway: the flag is for those who want to say so.
  bool all_sessions = false;
  // Seconds between two looks; none for one look.
  std::optional<double> watch;
  bool json = false;
};

// A host and the channel to it, once there is one.
struct Watched {
  HostEntry entry;
  std::optional<Host> host = std::nullopt;
};

absl::StatusOr<v1::SnapshotResponse> TakeSnapshot(Watched& watched) {
  if (!watched.host.has_value()) {
    absl::StatusOr<Host> host = Connect(watched.entry);
    if (!host.ok()) return host.status();
    watched.host = *std::move(host);
  }
  absl::StatusOr<v1::SnapshotResponse> snapshot =
      watched.host->Snapshot({.all_sessions = true}, {.deadline = kPatience});
  if (!snapshot.ok()) return snapshot;
  if (absl::Status status = CheckSnapshot(*watched.host, *snapshot);
      !status.ok()) {
    return status;
  }
  return snapshot;
}

std::vector<HostSnapshot> Look(std::vector<Watched>& hosts,
                               const std::string& session) {
  std::vector<absl::StatusOr<v1::SnapshotResponse>> answers =
      AskAll(hosts, TakeSnapshot);
  std::vector<HostSnapshot> snapshots;
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (answers[i].ok() && !session.empty()) KeepSession(session, *answers[i]);
    snapshots.push_back({.name = hosts[i].entry.name,
                         .address = hosts[i].entry.address,
                         .snapshot = std::move(answers[i])});
  }
  return snapshots;
}

// The exit status; says what is not in the table.
int Judge(const std::vector<HostSnapshot>& hosts, const std::string& session) {
  const bool all =
      std::all_of(hosts.begin(), hosts.end(),
                  [](const HostSnapshot& host) { return host.snapshot.ok(); });
  if (!all) return kFailure;
  const bool found =
      std::any_of(hosts.begin(), hosts.end(), [](const HostSnapshot& host) {
        return !host.snapshot->sessions().empty();
      });
  if (session.empty() || found) return kSuccess;
  PrintError(absl::StrCat("no host has a session \"", session, "\""));
  return kFailure;
}

// How large the terminal is; zeros if there is none.
winsize TerminalSize() {
  winsize size = {};
  if (isatty(STDOUT_FILENO) != 1 ||
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
    return {};
  }
  return size;
}

// Puts a text in place of what the terminal shows, as much as fits.
void Repaint(const std::string& text, size_t rows) {
  // To the top; each line is erased from its end, and at last all below.
  std::cout << "\033[H";
  size_t row = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (rows != 0 && ++row >= rows) break;
    std::cout << line << "\033[K\n";
  }
  std::cout << "\033[J";
}

int RunOnce(const PsFlags& flags, std::vector<Watched>& hosts) {
  const std::vector<HostSnapshot> snapshots = Look(hosts, flags.session);
  if (!flags.json) {
    std::cout << RenderPs(snapshots, Style(WantsColour(STDOUT_FILENO)));
    return Judge(snapshots, flags.session);
  }
  const Json json = PsJson(snapshots);
  std::cout << FormatJson(json);
  // Of a snapshot that has no JSON form, too.
  const bool has_errors =
      std::any_of(json["hosts"].begin(), json["hosts"].end(),
                  [](const Json& host) { return host.contains("error"); });
  return has_errors ? kFailure : Judge(snapshots, flags.session);
}

int RunForever(const PsFlags& flags, std::vector<Watched>& hosts) {
  // Lives as long as the process.
  static auto& output = *new std::mutex;
  ExitOnInterrupt(output);
  const bool in_place = !flags.json && TerminalSize().ws_row != 0;
  const Style style(WantsColour(STDOUT_FILENO));
  const char* separator = "";
  while (std::cout) {
    const std::vector<HostSnapshot> snapshots = Look(hosts, flags.session);
    {
      const std::lock_guard<std::mutex> lock(output);
      if (flags.json) {
        // One line each time.
        std::cout << PsJson(snapshots).dump(-1, ' ', false,
                                            Json::error_handler_t::replace)
                  << "\n";
      } else if (in_place) {
        const winsize size = TerminalSize();
        Repaint(RenderPs(snapshots, style, size.ws_col), size.ws_row);
      } else {
        std::cout << std::exchange(separator, "\n")
                  << RenderPs(snapshots, style);
      }
      std::cout.flush();
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(*flags.watch));
  }
  return kFailure;
}

int Run(const PsFlags& flags) {
  absl::StatusOr<std::vector<HostEntry>> entries = FindHosts(flags.hosts);
  if (!entries.ok()) {
    PrintError(entries.status().message());
    return kUsage;
  }
  std::vector<Watched> hosts;
  for (HostEntry& entry : *entries) {
    // A call in a session renews its lease: looking on must not.
    entry.session.clear();
    hosts.push_back({.entry = std::move(entry)});
  }
  return flags.watch.has_value() ? RunForever(flags, hosts)
                                 : RunOnce(flags, hosts);
}

}  // namespace

void AddPsCommand(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "ps",
      "Shows the sessions, sockets, actors and operations of all hosts: what "
      "is blocked, for how long, in which system call, and with what in the "
      "queues of its socket.");
  command->footer(absl::StrCat(
      "Of each session, what is blocked stands first, the longest first. "
      "RECV-Q and SEND-Q are the bytes in the socket's queues (SIOCINQ and "
      "SIOCOUTQ); of a listener RECV-Q is its accept queue. Looking renews no "
      "lease. The session in a hosts file does not count here.\n",
      kHostsFooter,
      "\nA host that can't be reached has a row that says why, and the exit "
      "status is 1; so it is if no host has the session that was asked for. "
      "With --watch the command ends with status 0 on SIGINT (Ctrl-C) and "
      "SIGTERM."));
  auto flags = std::make_shared<PsFlags>();
  AddHostFlags(*command, flags->hosts);
  CLI::Option* session =
      command
          ->add_option("--session", flags->session,
                       "Shows this session only, on each host that has it.")
          ->type_name("NAME")
          ->check(SessionName());
  command
      ->add_flag("--all-sessions", flags->all_sessions,
                 "Shows all sessions; so it does without this flag.")
      ->excludes(session);
  command
      ->add_option_function<double>(
          "--watch", [flags](double seconds) { flags->watch = seconds; },
          "Shows it again and again, every so many seconds, 1 if that is left "
          "out: in place on a terminal, else one table after the other.")
      ->option_text("[=SECONDS]")
      ->expected(0, 1)
      ->default_str("1")
      ->check(CLI::Range(0.1, 86400.0));
  command->add_flag("--json", flags->json,
                    "Writes JSON, for machines; with --watch, one line each "
                    "time.");
  command->callback(
      [&action, flags] { action = [flags] { return Run(*flags); }; });
}

}  // namespace standoff::client

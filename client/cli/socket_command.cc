#include "client/cli/socket_command.h"

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/address.h"
#include "client/cli/host_flags.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "client/find_hosts.h"
#include "client/host.h"
#include "client/host_entry.h"
#include "client/outcome.h"

namespace standoff::client {
namespace {

// A host that answers no sooner counts as one that can't be reached.
constexpr absl::Duration kPatience = absl::Seconds(15);

struct SocketFlags {
  HostChoice hosts;
  // Empty for that of the hosts file, else `default`.
  std::string session;
  // The socket's.
  std::string name;
  bool json = false;
};

// The answer in a reply; none if the daemon left it out.
template <typename Response>
std::optional<std::string> AddressText(const Response& response) {
  if (!response.has_address()) return std::nullopt;
  return FormatAddress(response.address());
}

template <typename Response>
std::optional<std::string> BytesText(const Response& response) {
  if (!response.has_bytes()) return std::nullopt;
  return absl::StrCat(response.bytes());
}

std::optional<std::string> AtMarkText(const v1::IsAtMarkResponse& response) {
  if (!response.has_at_mark()) return std::nullopt;
  return response.at_mark() ? "yes" : "no";
}

// Asks with a `Message` and prints the reply, or what `kText` reads in it.
template <typename Message,
          std::optional<std::string> (*kText)(const ResponseTo<Message>&)>
absl::Status Ask(const SocketRef& socket, const std::string& host, bool json) {
  const absl::StatusOr<ResponseTo<Message>> response =
      socket.Run(Message(), {.deadline = kPatience});
  if (!response.ok()) return response.status();
  if (json) {
    const absl::StatusOr<Json> reply = AsJson(*response);
    if (!reply.ok()) return reply.status();
    std::cout << FormatJson(*reply);
  }
  if (!Returned(response->outcome())) {
    return absl::FailedPreconditionError(absl::StrCat(
        host, ": ", socket.name(), ": ", Describe(response->outcome())));
  }
  if (json) return absl::OkStatus();
  const std::optional<std::string> text = kText(*response);
  if (!text) {
    return absl::InternalError(
        absl::StrCat(host, ": ", socket.name(), ": a reply without an answer"));
  }
  std::cout << Printable(*text) << "\n";
  return absl::OkStatus();
}

struct Question {
  const char* name;
  const char* help;
  absl::Status (*ask)(const SocketRef& socket, const std::string& host,
                      bool json);
};

constexpr Question kQuestions[] = {
    {"local-address", "Prints a socket's own address: getsockname(2).",
     Ask<v1::GetLocalAddressRequest, AddressText>},
    {"peer-address",
     "Prints the address of a socket's peer: getpeername(2). ENOTCONN while it "
     "is not connected.",
     Ask<v1::GetPeerAddressRequest, AddressText>},
    {"receive-queue",
     "Prints how many bytes are in a socket's receive queue: SIOCINQ. Of a "
     "datagram socket, those of the first datagram. EINVAL of a listener.",
     Ask<v1::GetReceiveQueueRequest, BytesText>},
    {"send-queue",
     "Prints how many bytes are in a socket's send queue: SIOCOUTQ. Of TCP, "
     "those that are not acknowledged, sent or not. EINVAL of a listener.",
     Ask<v1::GetSendQueueRequest, BytesText>},
    {"at-mark",
     "Prints \"yes\" if the next byte to receive follows the out-of-band mark, "
     "else \"no\": SIOCATMARK. ENOTTY where there are no out-of-band data.",
     Ask<v1::IsAtMarkRequest, AtMarkText>},
};

int Run(const Question& question, const SocketFlags& flags) {
  absl::StatusOr<HostEntry> entry =
      FindOneHost(flags.hosts, "sockets are named by each host");
  if (!entry.ok()) {
    PrintError(entry.status().message());
    return kUsage;
  }
  if (!flags.session.empty()) entry->session = flags.session;
  const absl::StatusOr<Host> host = Connect(*entry);
  absl::Status status = host.status();
  if (status.ok()) {
    status = question.ask(host->Socket(flags.name), host->name(), flags.json);
  }
  if (status.ok()) return kSuccess;
  PrintError(status.message());
  return kFailure;
}

}  // namespace

void AddSocketCommand(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("socket", "Asks the kernel about a socket of a host.");
  command->require_subcommand(1);
  auto flags = std::make_shared<SocketFlags>();
  for (const Question& question : kQuestions) {
    CLI::App* ask = command->add_subcommand(question.name, question.help);
    ask->footer(absl::StrCat(
        "`standoff ps` shows the names. Asking renews the session's lease.\n",
        kHostsFooter,
        "\nExit statuses: 0, answered; 1, the kernel refused, there is no such "
        "socket, or the host can't be reached; 2, wrong usage, as when there "
        "are several hosts."));
    AddHostFlags(*ask, flags->hosts);
    ask->add_option("--session", flags->session,
                    "The socket's session. Without it, the one that the hosts "
                    "file says, else \"default\".")
        ->type_name("NAME")
        ->check(SessionName());
    ask->add_flag("--json", flags->json, "Writes the reply as JSON.");
    ask->add_option("NAME", flags->name, "The socket's name.")
        ->option_text(" ")
        ->required();
    ask->callback([&action, &question, flags] {
      action = [&question, flags] { return Run(question, *flags); };
    });
  }
}

}  // namespace standoff::client

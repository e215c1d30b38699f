#include "client/cli/cancel_command.h"

#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/cli/host_flags.h"
#include "client/cli/terminal.h"
#include "client/find_hosts.h"
#include "client/host.h"
#include "client/host_entry.h"

namespace standoff::client {
namespace {

// A host that answers no sooner counts as one that can't be reached. A
// cancellation may take 5 s.
constexpr absl::Duration kPatience = absl::Seconds(15);

struct CancelFlags {
  HostChoice hosts;
  // Empty for any.
  std::string session;
  // Signed: of an unsigned one -1 would be read as a large number.
  std::vector<int64_t> ids;
};

// The operation with this id, in whatever session it is. Renews no lease.
absl::StatusOr<v1::Operation> Find(const Host& host, const CancelFlags& flags,
                                   uint64_t id) {
  v1::OperationServiceListRequest request;
  if (flags.session.empty()) {
    request.set_all_sessions(true);
  } else {
    request.set_session(flags.session);
  }
  request.set_after_id(id - 1);
  request.set_page_size(1);
  absl::StatusOr<v1::OperationServiceListResponse> page =
      host.ListOperations(request, {.deadline = kPatience});
  if (!page.ok()) return page.status();
  if (page->operations().empty() || page->operations(0).id() != id) {
    return absl::NotFoundError(absl::StrCat(
        host.name(), " has no operation ", id,
        flags.session.empty() ? ""
                              : absl::StrCat(" in session ", flags.session),
        "; `standoff ps` shows those in progress"));
  }
  return page->operations(0);
}

std::string Title(const v1::Operation& operation) {
  return absl::StrCat(
      "operation ", operation.id(), " (", ActionName(operation.action()),
      operation.actor().empty() ? "" : absl::StrCat(" of ", operation.actor()),
      ", session ", operation.session(), ")");
}

bool HasEnded(const v1::Operation& operation) {
  return operation.end_monotonic_ns() != 0 ||
         operation.state() == v1::OPERATION_STATE_DONE ||
         operation.state() == v1::OPERATION_STATE_CANCELLED ||
         operation.state() == v1::OPERATION_STATE_SKIPPED;
}

std::string StateWord(const v1::Operation& operation) {
  return v1::OperationState_Name(operation.state())
      .substr(std::string("OPERATION_STATE_").size());
}

// Says what came of it. An operation that ended by itself is an error.
absl::Status Cancel(const Host& host, const CancelFlags& flags, uint64_t id) {
  const absl::StatusOr<v1::Operation> found = Find(host, flags, id);
  if (!found.ok()) return found.status();
  const auto failed = [&](absl::string_view what) {
    return absl::FailedPreconditionError(
        absl::StrCat(host.name(), ": ", Title(*found), " ", what));
  };
  if (HasEnded(*found)) {
    return failed(absl::StrCat("had ended: ", StateWord(*found)));
  }
  const absl::StatusOr<Host> inside = host.InSession(found->session());
  if (!inside.ok()) return inside.status();
  const absl::StatusOr<v1::Operation> now =
      inside->Operation(id).Cancel({.deadline = kPatience});
  if (!now.ok()) return now.status();
  if (now->state() != v1::OPERATION_STATE_CANCELLED) {
    return failed(HasEnded(*now)
                      ? absl::StrCat("ended by itself: ", StateWord(*now))
                      : "has not ended yet: its thread is stuck in the kernel");
  }
  std::cout << host.name() << ": "
            << Printable(absl::StrCat("cancelled ", Title(*found),
                                      ", which was ", StateWord(*found)))
            << "\n";
  return absl::OkStatus();
}

int Run(const CancelFlags& flags) {
  absl::StatusOr<HostEntry> entry =
      FindOneHost(flags.hosts, "operations are numbered by each host");
  if (!entry.ok()) {
    PrintError(entry.status().message());
    return kUsage;
  }
  // A call in a session needs it to be there, and renews its lease.
  entry->session.clear();
  const absl::StatusOr<Host> host = Connect(*entry);
  if (!host.ok()) {
    PrintError(host.status().message());
    return kFailure;
  }
  int status = kSuccess;
  for (const int64_t id : flags.ids) {
    if (absl::Status cancelled =
            Cancel(*host, flags, static_cast<uint64_t>(id));
        !cancelled.ok()) {
      PrintError(cancelled.message());
      status = kFailure;
    }
  }
  return status;
}

}  // namespace

void AddCancelCommand(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "cancel",
      "Cancels operations: ends their system calls, or takes them out of their "
      "actors' queues.");
  command->footer(absl::StrCat(
      "What an operation has sent or received by then stays so. `standoff ps` "
      "shows the ids.\n",
      kHostsFooter,
      "\nExit statuses: 0, all are cancelled; 1, one could not be: there is "
      "none with this id, it had ended, or the host can't be reached; 2, wrong "
      "usage, as when there are several hosts."));
  auto flags = std::make_shared<CancelFlags>();
  AddHostFlags(*command, flags->hosts);
  command
      ->add_option("--session", flags->session,
                   "Only if they are in this session. Without it, they are "
                   "looked for in all of them.")
      ->type_name("NAME")
      ->check(SessionName());
  command->add_option("ID", flags->ids, "The operations' ids on that host.")
      ->option_text("...")
      ->required()
      ->check(CLI::Range(int64_t{1}, std::numeric_limits<int64_t>::max()));
  command->callback(
      [&action, flags] { action = [flags] { return Run(*flags); }; });
}

}  // namespace standoff::client

#include "client/cli/events_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/cli/event_collector.h"
#include "client/cli/exit_on_interrupt.h"
#include "client/cli/happening.h"
#include "client/cli/host_flags.h"
#include "client/cli/terminal.h"
#include "client/find_hosts.h"
#include "client/host_entry.h"

namespace standoff::client {
namespace {

struct EventsFlags {
  HostChoice hosts;
  std::string session;
  uint64_t from = 0;
  bool json = false;
};

int Run(const EventsFlags& flags) {
  absl::StatusOr<std::vector<HostEntry>> hosts = FindHosts(flags.hosts);
  if (!hosts.ok()) {
    PrintError(hosts.status().message());
    return kUsage;
  }
  size_t width = 0;
  for (HostEntry& host : *hosts) {
    if (!flags.session.empty()) host.session = flags.session;
    width = std::max(width, Width(host.name));
  }

  // Lives as long as the process.
  static auto& output = *new std::mutex;
  ExitOnInterrupt(output);
  const absl::Time origin = WallClockOrigin();
  const Style style(!flags.json && WantsColour(STDOUT_FILENO));
  EventCollector collector(*std::move(hosts), flags.from);
  while (true) {
    const EventCollector::Result result = collector.Next();
    const std::lock_guard<std::mutex> lock(output);
    for (const Happening& happening : result.happenings) {
      if (flags.json) {
        std::cout << HappeningJson(happening, origin)
                         .dump(-1, ' ', false, Json::error_handler_t::replace)
                  << "\n";
      } else {
        std::cout << FormatHappening(happening, origin, width, style);
      }
    }
    std::cout.flush();
    for (const absl::Status& error : result.errors) {
      PrintError(error.message());
    }
    // No host is left.
    if (result.happenings.empty() && result.errors.empty()) return kFailure;
  }
}

}  // namespace

void AddEventsCommand(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "events",
      "Follows what happens to the operations of a session on all hosts: one "
      "line each time one is queued, runs, is blocked or ends.");
  command->footer(absl::StrCat(
      "The times of all hosts are on one timeline: that of this machine's "
      "clock, in UTC. How far a host's clock is off is estimated from the time "
      "that it tells when asked; the first line of each host says how exactly. "
      "Lines come 0.2 s late, so that those of several hosts are in order. "
      "After a break of the connection it goes on with the next event, and it "
      "says how many events were lost. As long as it follows a session, the "
      "session's lease does not lapse.\n",
      kHostsFooter,
      "\nA host that can't be reached at the start, or that has no such "
      "session, is reported and left out. The command ends with status 0 on "
      "SIGINT (Ctrl-C) and SIGTERM, and with status 1 when there is no host "
      "left to follow."));
  auto flags = std::make_shared<EventsFlags>();
  AddHostFlags(*command, flags->hosts);
  command
      ->add_option("--session", flags->session,
                   "The session to follow. Without it, the one that the hosts "
                   "file has for the host, else \"default\".")
      ->type_name("NAME")
      ->check(SessionName());
  command
      ->add_option("--from", flags->from,
                   "The number of the first event: 1 for all that the daemon "
                   "still has, 0 for those to come. 0 without this flag.")
      ->option_text("N")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--json", flags->json,
                    "Writes JSON, for machines: one line for each event.");
  command->callback(
      [&action, flags] { action = [flags] { return Run(*flags); }; });
}

}  // namespace standoff::client

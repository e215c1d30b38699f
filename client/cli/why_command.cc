#include "client/cli/why_command.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/ask_all.h"
#include "client/cli/host_flags.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "client/cli/why_dot.h"
#include "client/cli/why_report.h"
#include "client/diagnosis/observe.h"
#include "client/find_hosts.h"
#include "client/host.h"
#include "client/host_entry.h"

namespace standoff::client {
namespace {

struct WhyFlags {
  HostChoice hosts;
  // Seconds.
  double between = 0.2;
  bool all_processes = false;
  std::vector<int> pids;
  // Seconds to go on for until a deadlock is proved; none for one look.
  std::optional<double> watch;
  bool json = false;
  bool dot = false;
};

absl::StatusOr<std::vector<Host>> ConnectAll(std::vector<HostEntry> entries) {
  std::vector<absl::StatusOr<Host>> answers =
      AskAll(entries, [](HostEntry& entry) {
        // A call in a session renews its lease: looking on must not.
        entry.session.clear();
        return Connect(entry);
      });
  std::vector<Host> hosts;
  for (absl::StatusOr<Host>& answer : answers) {
    if (!answer.ok()) return answer.status();
    hosts.push_back(*std::move(answer));
  }
  return hosts;
}

// Leaves only what these processes have to do with: their calls, their
// deadlocks and the calls that they wait for.
void KeepProcesses(const std::vector<int>& pids, v1::Diagnosis& diagnosis) {
  std::vector<int> keep;
  std::set<int> kept;
  const auto add = [&](int call) {
    if (kept.insert(call).second) keep.push_back(call);
  };
  for (int i = 0; i < diagnosis.blocked_size(); ++i) {
    if (std::find(pids.begin(), pids.end(),
                  diagnosis.blocked(i).caller().pid()) != pids.end()) {
      add(i);
    }
  }
  // And all that can be reached from there.
  for (size_t i = 0; i < keep.size(); ++i) {
    for (const uint32_t other : diagnosis.blocked(keep[i]).waits_for()) {
      add(static_cast<int>(other));
    }
  }
  v1::Diagnosis less = diagnosis;
  less.clear_blocked();
  less.clear_deadlocks();
  std::vector<uint32_t> place(static_cast<size_t>(diagnosis.blocked_size()));
  for (const int call : kept) {
    place[static_cast<size_t>(call)] =
        static_cast<uint32_t>(less.blocked_size());
    *less.add_blocked() = diagnosis.blocked(call);
  }
  const auto renumber = [&](auto& indices) {
    for (uint32_t& index : indices) index = place[index];
  };
  std::vector<std::optional<uint32_t>> knots(
      static_cast<size_t>(diagnosis.deadlocks_size()));
  for (int i = 0; i < diagnosis.deadlocks_size(); ++i) {
    if (!kept.contains(static_cast<int>(diagnosis.deadlocks(i).calls(0)))) {
      continue;
    }
    knots[static_cast<size_t>(i)] =
        static_cast<uint32_t>(less.deadlocks_size());
    v1::Deadlock& deadlock = *less.add_deadlocks();
    deadlock = diagnosis.deadlocks(i);
    renumber(*deadlock.mutable_calls());
    renumber(*deadlock.mutable_cycle());
  }
  for (v1::BlockedCall& call : *less.mutable_blocked()) {
    renumber(*call.mutable_waits_for());
    if (call.has_deadlock()) call.set_deadlock(*knots[call.deadlock()]);
  }
  const bool is_proved =
      std::any_of(less.deadlocks().begin(), less.deadlocks().end(),
                  [](const auto& d) { return d.proof() == v1::PROOF_PROVED; });
  if (!is_proved) {
    less.set_verdict(less.blocked().empty() ? v1::VERDICT_NOTHING_BLOCKED
                                            : v1::VERDICT_BLOCKED);
    less.set_sentence(
        less.blocked().empty()
            ? "None of these processes is blocked in a call on sockets."
            : "These processes are blocked, and no deadlock is proved.");
  }
  diagnosis = std::move(less);
}

int StatusOf(const v1::Diagnosis& diagnosis) {
  switch (diagnosis.verdict()) {
    case v1::VERDICT_DEADLOCK:
      return kDeadlock;
    case v1::VERDICT_BLOCKED:
      return kBlocked;
    default:
      return kSuccess;
  }
}

int Run(const WhyFlags& flags) {
  absl::StatusOr<std::vector<HostEntry>> entries = FindHosts(flags.hosts);
  if (!entries.ok()) {
    PrintError(entries.status().message());
    return kUsage;
  }
  WhyOptions options = {
      .between = absl::Seconds(flags.between),
      .processes = flags.all_processes || !flags.pids.empty()};
  for (const HostEntry& entry : *entries) {
    for (const std::string& address : entry.known_as) {
      v1::AddressHint& hint = options.hints.emplace_back();
      hint.set_address(address);
      hint.set_host(entry.name);
    }
  }
  const absl::StatusOr<std::vector<Host>> hosts =
      ConnectAll(*std::move(entries));
  if (!hosts.ok()) {
    PrintError(hosts.status().message());
    return kFailure;
  }
  const absl::Time end = absl::Now() + absl::Seconds(flags.watch.value_or(0));
  absl::StatusOr<v1::Diagnosis> diagnosis;
  do {
    diagnosis = Why(*hosts, options);
    if (!diagnosis.ok()) {
      PrintError(diagnosis.status().message());
      return kFailure;
    }
    if (!flags.pids.empty()) KeepProcesses(flags.pids, *diagnosis);
  } while (diagnosis->verdict() != v1::VERDICT_DEADLOCK && absl::Now() < end);
  if (flags.json) {
    std::cout << FormatJson(ToJson(*diagnosis));
  } else if (flags.dot) {
    std::cout << WhyDot(*diagnosis);
  } else {
    std::cout << RenderWhy(*diagnosis, Style(WantsColour(STDOUT_FILENO)));
  }
  return StatusOf(*diagnosis);
}

}  // namespace

void AddWhyCommand(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "why",
      "Says why calls are blocked, across all hosts: which of them are "
      "deadlocked, and what each of the others waits for, with the kernels' "
      "evidence and the ways out.");
  command->footer(absl::StrCat(
      "It takes two snapshots of each host, and joins the two ends of each "
      "connection. A deadlock is proved if in both the same calls were blocked "
      "and no byte moved. Looking renews no lease and changes nothing.\n",
      kHostsFooter,
      "\nThe field known_as of a hosts file has addresses by which others know "
      "a host behind address translation.\nExit statuses: 0, nothing is "
      "blocked; 3, a deadlock is proved; 4, calls are blocked and no deadlock "
      "is proved; 1, it failed, as when a host can't be reached; 2, wrong "
      "usage."));
  auto flags = std::make_shared<WhyFlags>();
  AddHostFlags(*command, flags->hosts);
  command
      ->add_option("--between", flags->between,
                   "The least time between the two snapshots of a host. A "
                   "datagram should take less on its way.")
      ->type_name("SECONDS")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  command->add_flag("--all-processes", flags->all_processes,
                    "Looks at other processes of the hosts, too, that know "
                    "nothing of Standoff. Their daemons must run with "
                    "--allow_processes.");
  command
      ->add_option("--pid", flags->pids,
                   "Only what this process of any of the hosts waits for, "
                   "directly or through others; several are given by several "
                   "flags. Needs --allow_processes, too.")
      ->type_name("PID")
      ->check(CLI::Range(1, 1 << 22));
  command
      ->add_option_function<double>(
          "--watch", [flags](double seconds) { flags->watch = seconds; },
          "Looks again and again until a deadlock is proved, for so many "
          "seconds, 60 if that is left out, and shows the last look.")
      ->option_text("[=SECONDS]")
      ->expected(0, 1)
      ->default_str("60")
      ->check(CLI::Range(0.0, 86400.0));
  CLI::Option* const json =
      command->add_flag("--json", flags->json,
                        "Writes JSON, for machines: standoff.v1.Diagnosis.");
  command
      ->add_flag("--dot", flags->dot,
                 "Writes the wait-for graph for Graphviz: standoff why --dot | "
                 "dot -Tsvg.")
      ->excludes(json);
  command->callback(
      [&action, flags] { action = [flags] { return Run(*flags); }; });
}

}  // namespace standoff::client

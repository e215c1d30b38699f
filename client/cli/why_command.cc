#include "client/cli/why_command.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/ask_all.h"
#include "client/cli/cures.h"
#include "client/cli/host_flags.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "client/cli/why_dot.h"
#include "client/cli/why_pids.h"
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

// Connects to all; those that can't be reached are noted in `options`.
std::vector<Host> ConnectAll(std::vector<HostEntry> entries,
                             WhyOptions& options) {
  std::vector<absl::StatusOr<Host>> answers =
      AskAll(entries, [](HostEntry& entry) {
        // A call in a session renews its lease: looking on must not.
        entry.session.clear();
        return Connect(entry);
      });
  std::vector<Host> hosts;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].ok()) {
      hosts.push_back(*std::move(answers[i]));
    } else {
      options.silent.push_back(
          {.name = entries[i].name,
           .error = std::string(answers[i].status().message())});
    }
  }
  return hosts;
}

bool WasEachHostSeen(const v1::Diagnosis& diagnosis) {
  return std::all_of(
      diagnosis.hosts().begin(), diagnosis.hosts().end(),
      [](const v1::ObservedHost& host) { return host.error().empty(); });
}

// Of a verdict about all that was asked for, or about what was seen of it.
int StatusOf(const v1::Diagnosis& diagnosis, bool is_all) {
  switch (diagnosis.verdict()) {
    case v1::VERDICT_DEADLOCK:
      return kDeadlock;
    case v1::VERDICT_BLOCKED:
      return kBlocked;
    default:
      return is_all ? kSuccess : kFailure;
  }
}

// False if it can't be written.
bool Write(const WhyFlags& flags, const v1::Diagnosis& diagnosis) {
  if (flags.json) {
    const absl::StatusOr<Json> json = AsJson(diagnosis);
    if (!json.ok()) {
      PrintError(json.status().message());
      return false;
    }
    std::cout << FormatJson(*json);
  } else if (flags.dot) {
    std::cout << WhyDot(diagnosis);
    // The graph has no place for it.
    for (const std::string& unseen : diagnosis.unseen()) {
      PrintError(absl::StrCat("not seen: ", unseen));
    }
  } else {
    std::cout << RenderWhy(diagnosis, Style(WantsColour(STDOUT_FILENO)));
  }
  return true;
}

int Run(const WhyFlags& flags) {
  const absl::StatusOr<std::vector<HostEntry>> entries = FindHosts(flags.hosts);
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
  const std::vector<Host> hosts = ConnectAll(*entries, options);
  if (hosts.empty()) {
    for (const SilentHost& host : options.silent) PrintError(host.error);
    return kFailure;
  }
  const absl::Time end = absl::Now() + absl::Seconds(flags.watch.value_or(0));
  absl::StatusOr<Explanation> found;
  std::vector<std::string> missing;
  do {
    found = ObserveAndDiagnose(hosts, options);
    if (!found.ok()) {
      PrintError(found.status().message());
      return kFailure;
    }
    if (!flags.pids.empty()) {
      missing = KeepProcesses(flags.pids, found->seen, found->diagnosis);
    }
  } while (found->diagnosis.verdict() != v1::VERDICT_DEADLOCK &&
           absl::Now() < end);
  v1::Diagnosis& diagnosis = found->diagnosis;
  MakeFollowable(*entries, flags.hosts, diagnosis);
  for (const std::string& problem : missing) PrintError(problem);
  if (!Write(flags, diagnosis)) return kFailure;
  // What hides other processes does not hide those that were asked for.
  const bool is_all = flags.pids.empty()
                          ? diagnosis.unseen().empty()
                          : missing.empty() && WasEachHostSeen(diagnosis);
  return StatusOf(diagnosis, is_all);
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
      "a host behind address translation.\nA host that can't be reached, "
      "processes that can't be looked into and other network namespaces are "
      "named at the end; the rest is explained.\nExit statuses: 0, nothing is "
      "blocked, and all that was asked for was seen; 3, a deadlock is proved; "
      "4, calls are blocked and no deadlock is proved; 1, nothing that was "
      "seen is blocked, and not all was seen; 2, wrong usage."));
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
                   "flags. One that is on none of them is an error. Needs "
                   "--allow_processes, too.")
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

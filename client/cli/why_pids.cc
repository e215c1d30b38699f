#include "client/cli/why_pids.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/diagnosis/words.h"
#include "standoff/v1/host_service.pb.h"
#include "standoff/v1/process.pb.h"

namespace standoff::client {
namespace {

const v1::SnapshotResponse& Latest(const v1::HostObservation& host) {
  return host.has_second() ? host.second() : host.first();
}

// What a thread does, as far as its host's kernel shows it.
std::string DoingOf(const v1::Process& process,
                    const v1::ProcessThread& thread) {
  if (process.frozen()) return "frozen";
  if (thread.state() == "T") return "stopped";
  if (thread.state() == "t") return "stopped by a tracer";
  if (thread.state() == "Z" || thread.state() == "X") return "ended";
  if (!thread.syscall().empty()) {
    return absl::StrCat("asleep in ", thread.syscall());
  }
  return thread.state().empty() || thread.state() == "R" ? "running" : "asleep";
}

std::string NotBlocked(const std::string& host, const v1::Process& process) {
  std::vector<std::pair<std::string, int>> counts;
  for (const v1::ProcessThread& thread : process.threads()) {
    const std::string doing = DoingOf(process, thread);
    auto found =
        std::find_if(counts.begin(), counts.end(),
                     [&](const auto& count) { return count.first == doing; });
    if (found == counts.end()) found = counts.insert(found, {doing, 0});
    ++found->second;
  }
  std::vector<std::string> threads;
  for (const auto& [doing, count] : counts) {
    threads.push_back(absl::StrCat(count, " ", doing));
  }
  if (process.threads_left_out() > 0) {
    threads.push_back(absl::StrCat(process.threads_left_out(), " more"));
  }
  return absl::StrCat(
      "pid ", process.pid(), " (", process.name(), " on ", host,
      ") is not blocked in a call on sockets",
      threads.empty() ? "" : "; its threads: ", ListWords(threads), ".");
}

// Of a process that is on no host.
std::string NotSeen(int pid, const v1::DiagnoseRequest& seen) {
  std::vector<std::string> hosts;
  uint32_t unreadable = 0;
  bool is_hidden = false;
  for (const v1::HostObservation& host : seen.hosts()) {
    if (!host.has_first()) continue;
    hosts.push_back(host.host());
    unreadable += Latest(host).unreadable_processes();
    is_hidden |= Latest(host).processes_hidden();
  }
  std::string text =
      absl::StrCat("there is no process ", pid, " that uses sockets on ",
                   hosts.size() > 1 ? "any of " : "", ListWords(hosts));
  if (unreadable > 0) {
    absl::StrAppend(&text, "; ", unreadable,
                    unreadable == 1 ? " process" : " processes",
                    " there could not be looked into");
  }
  if (is_hidden) {
    absl::StrAppend(&text, "; a daemon there does not see all processes");
  }
  return text;
}

// The calls of these processes, and all calls that they wait for.
std::set<int> Reachable(const std::vector<int>& pids,
                        const v1::Diagnosis& diagnosis) {
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
  for (size_t i = 0; i < keep.size(); ++i) {
    for (const uint32_t other : diagnosis.blocked(keep[i]).waits_for()) {
      add(static_cast<int>(other));
    }
  }
  return kept;
}

// Leaves only these calls, and the deadlocks that they are in.
void KeepCalls(const std::set<int>& kept, v1::Diagnosis& diagnosis) {
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
  diagnosis = std::move(less);
}

}  // namespace

std::vector<std::string> KeepProcesses(const std::vector<int>& pids,
                                       const v1::DiagnoseRequest& seen,
                                       v1::Diagnosis& diagnosis) {
  KeepCalls(Reachable(pids, diagnosis), diagnosis);
  std::vector<std::string> not_seen;
  std::vector<std::string> not_blocked;
  for (const int pid : pids) {
    bool is_seen = false;
    for (const v1::HostObservation& host : seen.hosts()) {
      for (const v1::Process& process : Latest(host).processes()) {
        if (process.pid() != pid) continue;
        is_seen = true;
        const bool is_blocked =
            std::any_of(diagnosis.blocked().begin(), diagnosis.blocked().end(),
                        [&](const v1::BlockedCall& call) {
                          return call.caller().pid() == pid &&
                                 call.caller().host() == host.host();
                        });
        if (!is_blocked)
          not_blocked.push_back(NotBlocked(host.host(), process));
      }
    }
    if (!is_seen) not_seen.push_back(NotSeen(pid, seen));
  }
  std::vector<std::string> sentences;
  if (std::any_of(diagnosis.deadlocks().begin(), diagnosis.deadlocks().end(),
                  [](const auto& deadlock) {
                    return deadlock.proof() == v1::PROOF_PROVED;
                  })) {
    sentences.push_back(diagnosis.sentence());
  } else if (!diagnosis.blocked().empty()) {
    diagnosis.set_verdict(v1::VERDICT_BLOCKED);
    sentences.push_back(
        not_blocked.empty() && not_seen.empty()
            ? "These processes are blocked, and no deadlock is proved."
            : "Some of these processes are blocked, and no deadlock is "
              "proved.");
  } else {
    diagnosis.set_verdict(v1::VERDICT_NOTHING_BLOCKED);
    if (not_blocked.empty()) {
      sentences.push_back("None of these processes was seen.");
    }
  }
  sentences.insert(sentences.end(), not_blocked.begin(), not_blocked.end());
  diagnosis.set_sentence(absl::StrJoin(sentences, " "));
  return not_seen;
}

}  // namespace standoff::client

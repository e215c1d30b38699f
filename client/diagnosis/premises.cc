#include "client/diagnosis/premises.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/diagnosis/same_socket.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

// What lacks, in one sentence; nullopt if nothing does.
using Lack = std::optional<std::string>;

std::string AsyncSourceWords(v1::AsyncSource source) {
  switch (source) {
    case v1::ASYNC_SOURCE_IO_URING:
      return "has an io_uring, in which a call or a timeout may be pending";
    case v1::ASYNC_SOURCE_AIO:
      return "has an asynchronous I/O context (io_setup), in which a request "
             "may be pending";
    case v1::ASYNC_SOURCE_TIMER:
      return "has a POSIX timer, whose signal may end a call";
    case v1::ASYNC_SOURCE_ALARM_HANDLER:
      return "handles SIGALRM, and the kernel does not show whether an alarm "
             "is set";
    case v1::ASYNC_SOURCE_IO_HANDLER:
      return "handles SIGIO, which a descriptor may raise";
    case v1::ASYNC_SOURCE_CHILD_HANDLER:
      return "handles SIGCHLD and has a child that may end";
    case v1::ASYNC_SOURCE_TRACER:
      return "is being traced: its tracer may end a call";
    case v1::ASYNC_SOURCE_PARENT_TIMER:
      return "has a parent with a POSIX timer, as timeout(1) has one, which "
             "may end it";
    default:
      return "may have timers or asynchronous I/O, which could not be read";
  }
}

// One call of the knot in one of the looks.
struct CallInLook {
  const Survey& look;
  const BlockedOperation& call;
  const Outlook& outlook;

  const HostView& host() const { return look.world.hosts()[call.host]; }
  std::string title() const {
    return look.world.callers()[call.caller].party.title();
  }
};

Lack CheckAsleep(const CallInLook& at) {
  // The daemon's own calls are seen asleep before they count as blocked.
  if (at.call.thread == nullptr) return std::nullopt;
  const v1::Activity activity =
      at.look.world.callers()[at.call.caller].party.activity();
  if (IsHeld(activity)) {
    return absl::StrCat(at.title(), " is stopped, traced or frozen");
  }
  if (at.call.thread->state() == "S") return std::nullopt;
  return absl::StrCat(at.title(), " is not seen asleep (its state is '",
                      at.call.thread->state(), "')");
}

Lack CheckNoTimeout(const CallInLook& at) {
  if (!at.outlook.ended_by.empty()) {
    return absl::StrCat("a timeout ends the call of ", at.title(), " (",
                        at.outlook.ended_by, ")");
  }
  if (at.call.thread != nullptr && at.call.thread->timeouts_unknown()) {
    return absl::StrCat("the timeouts of the socket that ", at.title(),
                        " waits on could not be read");
  }
  return std::nullopt;
}

Lack CheckNotReady(const CallInLook& at) {
  for (const WaitOutlook& wait : at.outlook.waits) {
    if (wait.wait.kind != WaitKind::kReceive ||
        !wait.wait.endpoint.has_value()) {
      continue;
    }
    const Endpoint& endpoint = at.look.world.endpoints()[*wait.wait.endpoint];
    if (IsReady(*endpoint.state, wait.wait.receive)) {
      return absl::StrCat(BytesWords(endpoint.state->receive_queue()),
                          " that would end the call of ", at.title(),
                          " are there already");
    }
  }
  return std::nullopt;
}

// The ends of a call's sockets, and their other ends: indices in
// World::endpoints.
std::set<size_t> EndsOf(const CallInLook& at) {
  std::set<size_t> ends;
  for (const WaitOutlook& wait : at.outlook.waits) {
    if (wait.wait.endpoint.has_value()) ends.insert(*wait.wait.endpoint);
    ends.insert(wait.peer.endpoints.begin(), wait.peer.endpoints.end());
  }
  return ends;
}

// The hosts on which processes may hold an end that the call depends on, as
// indices in Networks::hosts. A session's socket is in its daemon only, unless
// it was passed.
std::set<size_t> HostsOfProcesses(const CallInLook& at) {
  std::set<size_t> hosts;
  for (const size_t end : EndsOf(at)) {
    const Endpoint& endpoint = at.look.world.endpoints()[end];
    const bool is_shared =
        endpoint.ref.session().empty() || endpoint.state->passed() ||
        std::any_of(endpoint.callers.begin(), endpoint.callers.end(),
                    [&](size_t i) {
                      return at.look.world.callers()[i].process != nullptr;
                    });
    if (is_shared) hosts.insert(endpoint.host);
  }
  return hosts;
}

// Checks each of those hosts.
template <typename Check>
Lack CheckHosts(const CallInLook& at, Check check) {
  for (const size_t index : HostsOfProcesses(at)) {
    const HostView& host = at.look.world.hosts()[index];
    if (Lack lack = check(host, *host.snapshot); lack.has_value()) return lack;
  }
  return std::nullopt;
}

Lack CheckAllProcesses(const CallInLook& at) {
  return CheckHosts(
      at,
      [](const HostView& host, const v1::SnapshotResponse& snapshot) -> Lack {
        if (!snapshot.has_processes()) {
          return absl::StrCat("other processes of ", host.name,
                              " may have a socket that was passed to them: "
                              "look at them, too (standoff why "
                              "--all-processes)");
        }
        // That the first process does not share them is an assumption.
        const uint32_t unreadable = snapshot.unreadable_processes() -
                                    (snapshot.init_unreadable() ? 1 : 0);
        if (unreadable > 0) {
          return absl::StrCat(
              "the daemon on ", host.name, " may not look into ",
              unreadable == 1 ? "1 process"
                              : absl::StrCat(unreadable, " processes"),
              ", which may share the sockets; run it as root");
        }
        if (snapshot.processes_hidden()) {
          return absl::StrCat("the daemon on ", host.name,
                              " does not see all processes (a PID namespace "
                              "of its own, or hidepid): one of the others may "
                              "share the sockets");
        }
        if (snapshot.processes_incomplete()) {
          return absl::StrCat("on ", host.name,
                              " processes came faster than they could be read");
        }
        return std::nullopt;
      });
}

Lack CheckNoneInFlight(const CallInLook& at) {
  return CheckHosts(
      at,
      [](const HostView& host, const v1::SnapshotResponse& snapshot) -> Lack {
        const uint32_t count = snapshot.descriptors_in_flight();
        if (count == 0) return std::nullopt;
        return absl::StrCat(count == 1
                                ? "1 descriptor is"
                                : absl::StrCat(count, " descriptors are"),
                            " on the way between processes of ", host.name,
                            " (SCM_RIGHTS): who receives a socket may use it");
      });
}

Lack CheckNothingAsynchronous(const CallInLook& at) {
  for (const size_t end : EndsOf(at)) {
    for (const size_t index : at.look.world.endpoints()[end].callers) {
      const Caller& caller = at.look.world.callers()[index];
      if (caller.process == nullptr ||
          caller.process->async_sources().empty()) {
        continue;
      }
      return absl::StrCat(caller.party.title(), " ",
                          AsyncSourceWords(static_cast<v1::AsyncSource>(
                              caller.process->async_sources(0))));
    }
  }
  return std::nullopt;
}

// Whether two ends of a TCP connection on which nothing is under way have told
// each other the same.
bool CountersFit(const v1::SocketDescription& a,
                 const v1::SocketDescription& b) {
  if (a.protocol() != v1::PROTOCOL_TCP || b.protocol() != v1::PROTOCOL_TCP ||
      AwaitsAcknowledgement(a) || AwaitsAcknowledgement(b)) {
    return true;
  }
  // SYN and FIN count as one byte each where they are acknowledged.
  constexpr uint64_t kFlags = 2;
  const auto fits = [](uint64_t acknowledged, uint64_t received) {
    return acknowledged <= received + kFlags &&
           received <= acknowledged + kFlags;
  };
  return fits(a.tcp_info().bytes_acknowledged(),
              b.tcp_info().bytes_received()) &&
         fits(b.tcp_info().bytes_acknowledged(), a.tcp_info().bytes_received());
}

Lack CheckExactJoin(const CallInLook& at) {
  for (const WaitOutlook& wait : at.outlook.waits) {
    if (wait.peer.standing == v1::PEER_STANDING_FOUND &&
        wait.peer.is_address_shared) {
      return absl::StrCat(
          "the other end of ",
          at.look.world.endpoints()[*wait.wait.endpoint].ref.title(),
          " may be on any of ", ListWords(wait.peer.hosts),
          ", which have its address");
    }
  }
  return std::nullopt;
}

// Of a call on whose sockets nothing moved: what was read at one time of one
// end fits what was read at another of the other one.
Lack CheckCounters(const CallInLook& at) {
  for (const WaitOutlook& wait : at.outlook.waits) {
    if (wait.peer.standing != v1::PEER_STANDING_FOUND) continue;
    const Endpoint& own = at.look.world.endpoints()[*wait.wait.endpoint];
    if (own.transport != Transport::kTcp) continue;
    for (const size_t end : wait.peer.endpoints) {
      const Endpoint& peer = at.look.world.endpoints()[end];
      if (CountersFit(*own.state, *peer.state)) continue;
      return absl::StrCat(
          own.ref.title(), " and ", peer.ref.title(),
          " have each other's addresses, but have not received what the other "
          "one sent: they are ends of two connections");
    }
  }
  return std::nullopt;
}

Lack CheckSameSocket(const CallInLook& at) {
  if (at.call.thread == nullptr) return std::nullopt;
  return FindOtherSocket(at.look.world, at.call);
}

// The list: one check for each premise that concerns a call in one look.
struct PremiseCheck {
  v1::Premise premise;
  Lack (*check)(const CallInLook& at);
};
constexpr PremiseCheck kChecks[] = {
    {v1::PREMISE_ASLEEP, CheckAsleep},
    {v1::PREMISE_NO_TIMEOUT, CheckNoTimeout},
    {v1::PREMISE_NOT_READY, CheckNotReady},
    {v1::PREMISE_SAME_SOCKET, CheckSameSocket},
    {v1::PREMISE_ALL_PROCESSES, CheckAllProcesses},
    {v1::PREMISE_NONE_IN_FLIGHT, CheckNoneInFlight},
    {v1::PREMISE_NOTHING_ASYNCHRONOUS, CheckNothingAsynchronous},
    {v1::PREMISE_EXACT_JOIN, CheckExactJoin},
};

class Checker {
 public:
  explicit Checker(const TwoLooks& looks) : looks_(looks) {}

  void Check(size_t call) {
    const CallInLook now = In(looks_.later, call);
    if (looks_.earlier == nullptr) {
      Miss(v1::PREMISE_TWO_LOOKS,
           "there is one snapshot only: a second one of each host shows "
           "whether anything moves");
      for (const PremiseCheck& row : kChecks) Miss(row.premise, row.check(now));
      return;
    }
    if (!looks_.same[call].has_value()) {
      Miss(v1::PREMISE_SAME_CALL,
           absl::StrCat(now.title(),
                        " has not slept in this call in both snapshots and "
                        "all the time between"));
      for (const PremiseCheck& row : kChecks) Miss(row.premise, row.check(now));
      return;
    }
    const CallInLook before = In(*looks_.earlier, *looks_.same[call]);
    Lack movement = FindMovement(*looks_.earlier, looks_.later, call);
    if (!movement.has_value()) {
      Miss(v1::PREMISE_EXACT_JOIN, CheckCounters(now));
    }
    Miss(v1::PREMISE_STILL, std::move(movement));
    for (const PremiseCheck& row : kChecks) {
      Lack lack = row.check(now);
      Miss(row.premise, lack.has_value() ? std::move(lack) : row.check(before));
    }
    if (!looks_.is_stuck[call]) {
      Miss(v1::PREMISE_KNOWN_PARTIES,
           absl::StrCat("somebody who could end the call of ", now.title(),
                        " could act in one of the snapshots"));
    }
  }

  std::vector<v1::MissingPremise> Take() {
    std::sort(
        missing_.begin(), missing_.end(),
        [](const auto& a, const auto& b) { return a.premise() < b.premise(); });
    return std::move(missing_);
  }

 private:
  static CallInLook In(const Survey& look, size_t call) {
    return {.look = look,
            .call = look.world.calls()[call],
            .outlook = look.outlooks[call]};
  }

  void Miss(v1::Premise premise, Lack lack) {
    if (!lack.has_value() ||
        std::any_of(missing_.begin(), missing_.end(), [&](const auto& known) {
          return known.premise() == premise;
        })) {
      return;
    }
    v1::MissingPremise& missing = missing_.emplace_back();
    missing.set_premise(premise);
    missing.set_sentence(*std::move(lack));
  }

  const TwoLooks& looks_;
  std::vector<v1::MissingPremise> missing_;
};

}  // namespace

std::vector<v1::MissingPremise> FindMissingPremises(
    const TwoLooks& looks, const std::vector<size_t>& calls) {
  Checker checker(looks);
  for (const size_t call : calls) checker.Check(call);
  return checker.Take();
}

}  // namespace standoff::client

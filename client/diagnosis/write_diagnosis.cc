#include "client/diagnosis/write_diagnosis.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/diagnosis/explain.h"
#include "client/diagnosis/ways_out.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

// Of two times in nanoseconds, whatever they are.
absl::Duration Between(int64_t earlier_ns, int64_t later_ns) {
  return absl::Nanoseconds(later_ns) - absl::Nanoseconds(earlier_ns);
}

// As many as a host answers at once.
constexpr int kMaxLookUps = 10'000;

class Writer {
 public:
  Writer(const v1::DiagnoseRequest& request, const Survey& look,
         const Deadlocks& deadlocks, bool has_two_looks)
      : request_(request),
        survey_(look),
        world_(look.world),
        deadlocks_(deadlocks),
        has_two_looks_(has_two_looks),
        explainer_(look, deadlocks) {}

  v1::Diagnosis Write() {
    Order();
    v1::Diagnosis diagnosis;
    for (const size_t call : order_) {
      *diagnosis.add_blocked() = WriteCall(call);
    }
    for (const size_t knot : knots_) {
      *diagnosis.add_deadlocks() = WriteDeadlock(deadlocks_.knots[knot]);
    }
    for (const v1::HostObservation& host : request_.hosts()) {
      *diagnosis.add_hosts() = WriteHost(host);
    }
    WriteUnseen(diagnosis);
    WriteLookUps(diagnosis);
    WriteVerdict(diagnosis);
    return diagnosis;
  }

 private:
  // Proved deadlocks first, and deadlocked calls before others.
  void Order() {
    knots_.resize(deadlocks_.knots.size());
    std::iota(knots_.begin(), knots_.end(), 0);
    std::stable_sort(knots_.begin(), knots_.end(), [this](size_t a, size_t b) {
      return deadlocks_.knots[a].is_proved() > deadlocks_.knots[b].is_proved();
    });
    place_of_knot_.resize(knots_.size());
    for (size_t i = 0; i < knots_.size(); ++i) place_of_knot_[knots_[i]] = i;

    order_.resize(world_.calls().size());
    std::iota(order_.begin(), order_.end(), 0);
    const auto place = [this](size_t call) {
      const std::optional<size_t> knot = deadlocks_.knot_of[call];
      return knot.has_value() ? place_of_knot_[*knot] : knots_.size();
    };
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      return std::pair(place(a), -ElapsedNs(a)) <
             std::pair(place(b), -ElapsedNs(b));
    });
    index_.resize(order_.size());
    for (size_t i = 0; i < order_.size(); ++i) {
      index_[order_[i]] = static_cast<uint32_t>(i);
    }
  }

  // 0 if it is not known.
  int64_t ElapsedNs(size_t call) const {
    const BlockedOperation& blocked = world_.calls()[call];
    if (blocked.operation == nullptr) return 0;
    const int64_t now =
        world_.hosts()[blocked.host].snapshot->end_monotonic_ns();
    return std::max<int64_t>(
        absl::ToInt64Nanoseconds(
            Between(blocked.operation->block().since_monotonic_ns(), now)),
        0);
  }

  v1::BlockedCall WriteCall(size_t index) const {
    const BlockedOperation& call = world_.calls()[index];
    const Outlook& outlook = survey_.outlooks[index];
    v1::BlockedCall written;
    *written.mutable_caller() = world_.callers()[call.caller].party;
    if (call.operation != nullptr) {
      const v1::Block& block = call.operation->block();
      written.set_method(ActionName(call.operation->action()));
      written.set_syscall(block.syscall());
      written.set_wait_channel(block.wait_channel());
      written.set_since_monotonic_ns(block.since_monotonic_ns());
      *written.mutable_elapsed() = ToProto(absl::Nanoseconds(ElapsedNs(index)));
    } else {
      written.set_syscall(call.thread->syscall());
      written.set_wait_channel(call.thread->wait_channel());
    }
    for (v1::Evidence& evidence : explainer_.Explain(index)) {
      *written.add_evidence() = std::move(evidence);
    }
    for (const size_t other : deadlocks_.waits_for[index]) {
      written.add_waits_for(index_[other]);
    }
    written.set_ended_by(outlook.ended_by);
    if (outlook.ends_in.has_value()) {
      *written.mutable_ends_in() = ToProto(*outlook.ends_in);
    }
    if (const auto knot = deadlocks_.knot_of[index]; knot.has_value()) {
      written.set_reason(v1::REASON_DEADLOCK);
      written.set_deadlock(static_cast<uint32_t>(place_of_knot_[*knot]));
    } else {
      written.set_reason(written.evidence().empty()
                             ? v1::REASON_UNKNOWN
                             : written.evidence(0).reason());
    }
    written.set_sentence(SentenceOf(index, written));
    for (std::string& way : WaysOut(written)) {
      written.add_ways_out(std::move(way));
    }
    return written;
  }

  std::string SentenceOf(size_t index, const v1::BlockedCall& call) const {
    std::string sentence = CallWords(index);
    if (const int64_t elapsed = ElapsedNs(index); elapsed > 0) {
      absl::StrAppend(&sentence, " for ",
                      TimeWords(absl::Nanoseconds(elapsed)));
    }
    const v1::Operation* const operation = world_.calls()[index].operation;
    if (operation != nullptr && operation->action().has_close()) {
      absl::StrAppend(&sentence,
                      ": it lingers (SO_LINGER) until all that was sent is "
                      "acknowledged, or the time for that is over");
    } else if (call.evidence().empty()) {
      absl::StrAppend(&sentence, ", which is no wait on a socket");
    } else {
      absl::StrAppend(&sentence, ": ", call.evidence(0).sentence());
    }
    if (call.has_deadlock()) {
      const Knot& knot = deadlocks_.knots[knots_[call.deadlock()]];
      const bool is_member =
          std::binary_search(knot.calls.begin(), knot.calls.end(), index);
      absl::StrAppend(&sentence, is_member
                                     ? "; it is part of a deadlock"
                                     : "; it waits for deadlocked calls only");
    }
    if (call.has_ends_in()) {
      absl::StrAppend(&sentence, "; it ends in ",
                      TimeWords(*survey_.outlooks[index].ends_in), " (",
                      call.ended_by(), ")");
    } else if (!call.ended_by().empty()) {
      absl::StrAppend(&sentence, "; it is bounded by ", call.ended_by());
    }
    return absl::StrCat(sentence, ".");
  }

  // "left/a is blocked in Send (sendto) on left:s1".
  std::string CallWords(size_t index) const {
    const BlockedOperation& call = world_.calls()[index];
    std::string words = absl::StrCat(
        world_.callers()[call.caller].party.title(), " is blocked in ");
    if (call.operation != nullptr) {
      absl::StrAppend(&words, ActionName(call.operation->action()), " (",
                      call.operation->block().syscall(), ")");
    } else {
      absl::StrAppend(&words, call.thread->syscall());
    }
    if (!call.waits.empty() && call.waits[0].endpoint.has_value()) {
      const Endpoint& endpoint = world_.endpoints()[*call.waits[0].endpoint];
      absl::StrAppend(&words, " on ", endpoint.ref.title());
      std::set<std::optional<size_t>> sockets;
      for (const Wait& wait : call.waits) sockets.insert(wait.endpoint);
      if (sockets.size() > 1) {
        absl::StrAppend(&words, " and ", sockets.size() - 1, " more");
      }
    }
    return words;
  }

  v1::Deadlock WriteDeadlock(const Knot& knot) const {
    v1::Deadlock written;
    for (const size_t call : knot.calls) written.add_calls(index_[call]);
    std::sort(written.mutable_calls()->begin(), written.mutable_calls()->end());
    for (const size_t call : knot.cycle) written.add_cycle(index_[call]);
    written.set_proof(ProofOf(knot));
    if (!knot.missing.empty()) {
      written.set_not_proved_because(SayFirst(knot.missing).sentence());
    }
    for (const v1::MissingPremise& missing : knot.missing) {
      *written.add_missing_premises() = missing;
    }
    for (std::string& assumption : AssumptionsOf(knot)) {
      written.add_assumptions(std::move(assumption));
    }
    written.set_sentence(SentenceOf(knot));
    return written;
  }

  std::string SentenceOf(const Knot& knot) const {
    std::vector<v1::Party> parties;
    constexpr size_t kSome = 5;
    for (const size_t call : knot.cycle) {
      if (parties.size() == kSome) break;
      parties.push_back(world_.callers()[world_.calls()[call].caller].party);
    }
    if (knot.calls.size() == 1) {
      return absl::StrCat(parties[0].title(),
                          " waits for itself: it alone could end its call.");
    }
    return absl::StrCat(
        PartiesWords(parties, knot.calls.size() - parties.size()),
        " wait for each other and for nobody else, without a timeout",
        knot.is_proved() ? ": they are deadlocked."
                         : ": they look deadlocked, which is not proved.");
  }

  v1::Proof ProofOf(const Knot& knot) const {
    if (knot.is_proved()) return v1::PROOF_PROVED;
    if (!has_two_looks_) return v1::PROOF_ONE_SNAPSHOT;
    const bool is_moving =
        std::all_of(knot.missing.begin(), knot.missing.end(),
                    [](const v1::MissingPremise& missing) {
                      return PassesWithTime(missing.premise());
                    });
    return is_moving ? v1::PROOF_NOT_STILL : v1::PROOF_PREMISE_MISSING;
  }

  // Whether later looks may have what lacks.
  static bool PassesWithTime(v1::Premise premise) {
    return premise == v1::PREMISE_SAME_CALL || premise == v1::PREMISE_STILL ||
           premise == v1::PREMISE_KNOWN_PARTIES;
  }

  // What later looks would not bring comes first.
  static const v1::MissingPremise& SayFirst(
      const std::vector<v1::MissingPremise>& missing) {
    const auto lasting = std::find_if(missing.begin(), missing.end(),
                                      [](const v1::MissingPremise& one) {
                                        return !PassesWithTime(one.premise());
                                      });
    return lasting == missing.end() ? missing[0] : *lasting;
  }

  static std::vector<std::string> Sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
  }

  // Whether it is an operation of a session with a lease.
  bool HasLease(size_t index) const {
    const BlockedOperation& call = world_.calls()[index];
    const auto& sessions = world_.hosts()[call.host].snapshot->sessions();
    return call.operation != nullptr &&
           std::any_of(sessions.begin(), sessions.end(),
                       [&](const v1::Session& session) {
                         return session.name() == call.operation->session() &&
                                session.lease_seconds() > 0;
                       });
  }

  // What could not be looked at.
  void WriteUnseen(v1::Diagnosis& diagnosis) const {
    const auto count = [](uint32_t number, const char* one, const char* many) {
      return absl::StrCat(number, " ", number == 1 ? one : many);
    };
    for (const v1::HostObservation& host : request_.hosts()) {
      const v1::SnapshotResponse& snapshot = LatestOf(host);
      const auto add = [&](const auto&... words) {
        diagnosis.add_unseen(absl::StrCat(host.host(), ": ", words...));
      };
      if (snapshot.unreadable_processes() > 0) {
        add(count(snapshot.unreadable_processes(), "process", "processes"),
            " of ",
            count(std::max(snapshot.unreadable_users(), 1u), "user", "users"),
            " could not be looked into");
      }
      if (snapshot.processes_hidden()) {
        add("processes outside the daemon's PID namespace, or hidden by "
            "/proc's hidepid, were not looked at");
      }
      if (snapshot.processes_incomplete()) {
        add("processes came faster than they could be read");
      }
      if (snapshot.other_network_namespaces() > 0) {
        add(count(snapshot.processes_elsewhere(), "process", "processes"),
            " with sockets in ",
            count(snapshot.other_network_namespaces(),
                  "other network namespace", "other network namespaces"),
            " were not looked at; start a daemon in each");
      }
    }
  }

  // What hosts should be asked for next.
  void WriteLookUps(v1::Diagnosis& diagnosis) const {
    std::map<size_t, v1::HostLookUps> by_host;
    std::set<std::string> seen;
    const auto ask = [&](const Wait& wait, const Peer& peer) {
      for (Question& question : QuestionsAbout(world_, wait, peer)) {
        if (!seen.insert(absl::StrCat(question.host, " ",
                                      question.connection.ShortDebugString()))
                 .second) {
          continue;
        }
        v1::HostLookUps& host = by_host[question.host];
        if (host.connections_size() == kMaxLookUps) continue;
        *host.add_connections() = std::move(question.connection);
      }
    };
    bool awaits_deferred = false;
    for (size_t call = 0; call < world_.calls().size(); ++call) {
      for (const WaitOutlook& wait : survey_.outlooks[call].waits) {
        if (!wait.wait.endpoint.has_value()) continue;
        ask(wait.wait, wait.peer);
        if (world_.endpoints()[*wait.wait.endpoint].state->has_defer_accept()) {
          awaits_deferred = true;
        }
      }
    }
    // A listener does not show what it holds back; who connected does.
    for (size_t i = 0; awaits_deferred && i < world_.endpoints().size(); ++i) {
      const Endpoint& endpoint = world_.endpoints()[i];
      if (endpoint.transport != Transport::kTcp || !endpoint.peer.has_value()) {
        continue;
      }
      const Wait wait = {.endpoint = i, .kind = WaitKind::kReceive};
      ask(wait, FindPeer(world_, wait));
    }
    for (auto& [index, look_ups] : by_host) {
      look_ups.set_host(world_.hosts()[index].name);
      *diagnosis.add_look_ups() = std::move(look_ups);
    }
  }

  std::vector<std::string> AssumptionsOf(const Knot& knot) const {
    std::vector<std::string> assumptions;
    const auto add = [&](std::string text) {
      constexpr size_t kSome = 16;
      if (assumptions.size() < kSome &&
          std::find(assumptions.begin(), assumptions.end(), text) ==
              assumptions.end()) {
        assumptions.push_back(std::move(text));
      }
    };
    std::set<size_t> hosts_of_processes;
    for (const size_t call : knot.calls) {
      if (world_.calls()[call].thread != nullptr) {
        hosts_of_processes.insert(world_.calls()[call].host);
      }
      for (const WaitOutlook& wait : survey_.outlooks[call].waits) {
        const Endpoint& endpoint = world_.endpoints()[*wait.wait.endpoint];
        const std::string name = endpoint.ref.title();
        if (wait.is_for_anyone) {
          add(absl::StrCat("Nobody else ",
                           wait.wait.kind == WaitKind::kAccept ? "connects to "
                                                               : "sends to ",
                           name, "."));
        } else if (IsDatagram(endpoint.transport) &&
                   !IsUnix(endpoint.transport)) {
          add(absl::StrCat("No datagram was under way to ", name,
                           " for longer than the time between the "
                           "snapshots."));
        }
        for (const size_t peer : wait.peer.endpoints) {
          const Endpoint& other = world_.endpoints()[peer];
          if (endpoint.transport == Transport::kTcp &&
              world_.hosts()[other.host].network !=
                  world_.hosts()[endpoint.host].network) {
            add(absl::StrCat(
                "The network between ",
                ListWords(Sorted({world_.hosts()[endpoint.host].name,
                                  world_.hosts()[other.host].name})),
                " delivers: where it does not, keepalive or a full window's "
                "probes end a call after minutes."));
          }
        }
      }
      if (HasLease(call)) {
        add("The clients of its sessions go on renewing their leases: a "
            "session whose lease lapses loses its sockets.");
      }
    }
    for (const size_t host : hosts_of_processes) {
      if (world_.hosts()[host].snapshot->init_unreadable()) {
        add(absl::StrCat("The first process (1) of ", world_.hosts()[host].name,
                         ", which the daemon may not look into, does not "
                         "share their sockets."));
      }
      add(absl::StrCat(
          "While the first snapshot was taken or the calls went on, no "
          "descriptor of their sockets on ",
          world_.hosts()[host].name,
          " was passed to another process (SCM_RIGHTS), and no timeout of "
          "theirs removed."));
      add(
          absl::StrCat("No signal, such as that of an alarm(2) that they have "
                       "set, ends the processes on ",
                       world_.hosts()[host].name, " or their calls."));
    }
    return assumptions;
  }

  v1::ObservedHost WriteHost(const v1::HostObservation& host) const {
    const v1::SnapshotResponse& latest = LatestOf(host);
    v1::ObservedHost written;
    written.set_host(host.host());
    written.set_host_name(latest.host_name());
    if (host.has_second()) {
      *written.mutable_between_snapshots() = ToProto(Between(
          host.first().end_monotonic_ns(), host.second().start_monotonic_ns()));
    }
    written.set_sockets(static_cast<uint32_t>(latest.sockets_size()));
    written.set_actors(static_cast<uint32_t>(latest.actors_size()));
    written.set_blocked(static_cast<uint32_t>(
        std::count_if(world_.calls().begin(), world_.calls().end(),
                      [&](const BlockedOperation& call) {
                        return world_.hosts()[call.host].name == host.host();
                      })));
    written.set_processes(static_cast<uint32_t>(latest.processes_size()));
    written.set_unreadable_processes(latest.unreadable_processes());
    written.set_error(host.error());
    return written;
  }

  void WriteVerdict(v1::Diagnosis& diagnosis) const {
    const size_t proved = static_cast<size_t>(
        std::count_if(deadlocks_.knots.begin(), deadlocks_.knots.end(),
                      [](const Knot& knot) { return knot.is_proved(); }));
    if (proved > 0) {
      diagnosis.set_verdict(v1::VERDICT_DEADLOCK);
      diagnosis.set_sentence(
          proved == 1 ? absl::StrCat("A deadlock is proved: ",
                                     diagnosis.deadlocks(0).sentence())
                      : absl::StrCat(proved, " deadlocks are proved."));
      return;
    }
    if (diagnosis.blocked().empty()) {
      diagnosis.set_verdict(v1::VERDICT_NOTHING_BLOCKED);
      diagnosis.set_sentence("Nothing is blocked.");
      return;
    }
    diagnosis.set_verdict(v1::VERDICT_BLOCKED);
    std::map<v1::Reason, int> counts;
    for (const v1::BlockedCall& call : diagnosis.blocked()) {
      ++counts[call.reason()];
    }
    std::vector<std::string> reasons;
    for (const auto& [reason, count] : counts) {
      reasons.push_back(absl::StrCat(
          count, " ",
          v1::Reason_Name(reason).substr(std::string("REASON_").size())));
    }
    diagnosis.set_sentence(absl::StrCat(
        diagnosis.blocked_size(),
        diagnosis.blocked_size() == 1 ? " call is" : " calls are",
        " blocked, and no deadlock is proved: ", ListWords(reasons), "."));
  }

  const v1::DiagnoseRequest& request_;
  const Survey& survey_;
  const World& world_;
  const Deadlocks& deadlocks_;
  const bool has_two_looks_;
  const Explainer explainer_;

  // Indices of calls and of knots as they are written, and where each is.
  std::vector<size_t> order_;
  std::vector<uint32_t> index_;
  std::vector<size_t> knots_;
  std::vector<size_t> place_of_knot_;
};

}  // namespace

const v1::SnapshotResponse& LatestOf(const v1::HostObservation& host) {
  return host.has_second() ? host.second() : host.first();
}

v1::Diagnosis WriteDiagnosis(const v1::DiagnoseRequest& request,
                             const Survey& survey, const Deadlocks& deadlocks,
                             bool has_two_looks) {
  return Writer(request, survey, deadlocks, has_two_looks).Write();
}

}  // namespace standoff::client

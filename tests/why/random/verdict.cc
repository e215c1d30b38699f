#include "tests/why/random/verdict.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

const v1::Deadlock* DeadlockOf(const v1::Diagnosis& diagnosis,
                               const v1::BlockedCall& call) {
  return call.has_deadlock()
             ? &diagnosis.deadlocks(static_cast<int>(call.deadlock()))
             : nullptr;
}

// Whether it is proved, or would be on a machine on which the daemons may look
// into all processes: what others run here says nothing about the situation.
bool IsProved(const v1::Deadlock& deadlock) {
  return std::all_of(deadlock.missing_premises().begin(),
                     deadlock.missing_premises().end(),
                     [](const v1::MissingPremise& missing) {
                       return missing.premise() == v1::PREMISE_ALL_PROCESSES;
                     });
}

std::string Names(const std::set<v1::Reason>& reasons) {
  std::string text;
  for (const v1::Reason reason : reasons) {
    absl::StrAppend(&text, " ", v1::Reason_Name(reason));
  }
  return text;
}

}  // namespace

std::string Statistics::ToString() const {
  std::string text = absl::StrCat(
      situations, " situations, ", calls, " blocked calls (", unseen,
      " not shown), ", proved, " in proved deadlocks; of ", provable,
      " that can be proved to be in one, ", provable_and_proved, " were\n");
  for (const auto& [reason, count] : reasons) {
    absl::StrAppend(&text, "  ", v1::Reason_Name(reason), ": ", count, "\n");
  }
  for (const auto& [reason, count] : evidence) {
    absl::StrAppend(&text, "  of a socket, ", v1::Reason_Name(reason), ": ",
                    count, "\n");
  }
  for (const auto& [what, count] : missing) {
    absl::StrAppend(&text, "  instead of a proof: ", what, ": ", count, "\n");
  }
  return text;
}

std::vector<std::string> FindFalse(
    const Situation& situation, const Truth& truth,
    const v1::Diagnosis& diagnosis,
    const std::function<size_t(const v1::Party&)>& party_of,
    Statistics& statistics) {
  std::vector<std::string> all;
  std::set<size_t> shown;
  ++statistics.situations;
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    const size_t index = party_of(call.caller());
    if (index == kNobody) {
      all.push_back(absl::StrCat("a call of ", call.caller().title(),
                                 ", who makes none"));
      continue;
    }
    const Party& party = situation.parties[index];
    if (!IsCall(party.what)) {
      all.push_back(absl::StrCat(party.name, " is in no call"));
      continue;
    }
    ++statistics.calls;
    ++statistics.reasons[call.reason()];
    shown.insert(index);
    const v1::Deadlock* const deadlock = DeadlockOf(diagnosis, call);
    const bool is_proved = deadlock != nullptr && IsProved(*deadlock);
    if (is_proved) ++statistics.proved;
    if (truth.is_plain && truth.stuck[index]) {
      ++statistics.provable;
      if (is_proved) ++statistics.provable_and_proved;
      if (deadlock == nullptr) {
        ++statistics.missing[v1::Reason_Name(call.reason())];
      } else {
        for (const auto& lacks : deadlock->missing_premises()) {
          ++statistics.missing[v1::Premise_Name(lacks.premise())];
        }
      }
    }
    if (is_proved && !truth.stuck[index]) {
      all.push_back(
          absl::StrCat("false proof: the call of ", party.name, " may end"));
    }
    if (deadlock != nullptr && !is_proved && !truth.seems_stuck[index] &&
        truth.is_plain) {
      all.push_back(
          absl::StrCat("false deadlock, though not proved, of ", party.name));
    }
    // What is said of a call whose descriptor is another socket's now is of
    // that.
    const size_t replaced = situation.owners[party.owner].replaced;
    if (!call.ended_by().empty() && !HasTimeout(party.what) &&
        party.ends[0] != replaced) {
      all.push_back(
          absl::StrCat(party.name, " has no timeout (", call.ended_by(), ")"));
    }
    const std::set<v1::Reason>& reasons = truth.reasons[index];
    const auto check = [&](v1::Reason reason, const char* what) {
      if (reason == v1::REASON_UNKNOWN || reasons.contains(reason)) return;
      all.push_back(absl::StrCat(what, " of ", party.name, ": ",
                                 v1::Reason_Name(reason), ", where it is",
                                 Names(reasons)));
    };
    if (call.reason() != v1::REASON_DEADLOCK) check(call.reason(), "reason");
    for (const v1::Evidence& evidence : call.evidence()) {
      ++statistics.evidence[evidence.reason()];
      check(evidence.reason(), "evidence");
    }
  }
  for (size_t i = 0; i < situation.parties.size(); ++i) {
    if (IsCall(situation.parties[i].what) && !shown.contains(i)) {
      ++statistics.unseen;
    }
  }
  return all;
}

}  // namespace standoff::client

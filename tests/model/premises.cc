#include "tests/model/premises.h"

namespace standoff::model {
namespace {

// The premises as far as the looks have got: of what was not read yet, nothing
// is known that speaks against them.
class Checker {
 public:
  Checker(const Configuration& configuration, const Needs& needs,
          const State& state)
      : config_(configuration),
        needs_(needs),
        knot_(state.knot),
        first_(state.looks[0]),
        second_(state.looks[1]),
        look_(state.looks[state.phase]),
        has_passed_(state.has_passed && state.phase == 0 &&
                    first_.processes != 0),
        has_woken_(HasWoken(state)) {}

  bool All() const {
    // What a call is supposed to be, whatever else is known of it.
    if (!ForEachCall([this](int call) { return IsInCall(call); })) return false;
    for (const v1::Premise premise : needs_.premises) {
      if (!ForEachCall([&](int call) { return Holds(premise, call); })) {
        return false;
      }
    }
    return !needs_.Has(Condition::kNonePassed) || !has_passed_;
  }

 private:
  bool Holds(v1::Premise premise, int call) const {
    switch (premise) {
      case v1::PREMISE_SAME_CALL:
        return IsSameCall(call);
      case v1::PREMISE_STILL:
        return IsStill(call);
      case v1::PREMISE_ASLEEP:
        return !Has(first_.stopped | second_.stopped, call);
      case v1::PREMISE_NO_TIMEOUT:
        return !Has(config_.timed, call);
      case v1::PREMISE_NOT_READY:
        return !IsReadyIn(first_, call) && !IsReadyIn(second_, call);
      case v1::PREMISE_SAME_SOCKET:
        return MeansSockets(first_, call) && MeansSockets(second_, call);
      case v1::PREMISE_ALL_PROCESSES:
        return (config_.hidden & (first_.existing | second_.existing)) == 0 &&
               (!needs_.Has(Condition::kListedAgain) ||
                (first_.incomplete | second_.incomplete) == 0);
      case v1::PREMISE_NONE_IN_FLIGHT:
        return (first_.carrying | second_.carrying) == 0;
      case v1::PREMISE_NOTHING_ASYNCHRONOUS:
        return ((first_.asynchronous | second_.asynchronous) & Parties(call)) ==
               0;
      case v1::PREMISE_EXACT_JOIN:
        return IsJoinExact(call);
      case v1::PREMISE_KNOWN_PARTIES:
        return ArePartiesKnown(call);
      default:  // Without TWO_LOOKS, there is none but the second: explorer.cc.
        return true;
    }
  }

  template <typename Check>
  bool ForEachCall(Check check) const {
    for (int i = 0; i < config_.threads; ++i) {
      if (Has(knot_, i) && !check(i)) return false;
    }
    return true;
  }

  bool IsInCall(int call) const {
    return !Has(look_.threads, call) || look_.calls[call] != Call::kNone;
  }

  bool IsSameCall(int call) const {
    if (has_woken_) return false;
    if (!Has(first_.threads & second_.threads, call)) return true;
    const Set then = Meaning(first_, call);
    const Set now = Meaning(second_, call);
    return first_.calls[call] == second_.calls[call] &&
           first_.numbers[call] == second_.numbers[call] &&
           (then == now || !IsTableRead(first_, call) ||
            !IsTableRead(second_, call));
  }

  bool IsStill(int call) const {
    const Set waited = Waited(call);
    const Set peers = Peers(waited);
    const Set read = first_.ends & second_.ends & (waited | peers);
    const auto changed = [read](Set then, Set now) {
      return (read & (then ^ now)) != 0;
    };
    if ((second_.ends_moved & (waited | peers)) != 0 ||
        changed(first_.full, second_.full) ||
        changed(first_.sending, second_.sending) ||
        changed(first_.ended, second_.ended) ||
        changed(first_.eof, second_.eof)) {
      return false;
    }
    return !IsUnderWay(first_, call) && !IsUnderWay(second_, call);
  }

  // What the other end sent or ended, and, of a send, what the other end has
  // room for.
  bool IsUnderWay(const Look& look, int call) const {
    const Set waited = Waited(call);
    const Set peers = Peers(waited);
    if ((look.ended & peers) != 0) return true;
    if (CallOf(call) != Call::kSend) return (look.sending & peers) != 0;
    return (look.sending & waited) != 0 &&
           (look.ends & ~look.full & peers) != 0;
  }

  bool IsReadyIn(const Look& look, int call) const {
    return (ReadyEnds(look, CallOf(call)) & Waited(call)) != 0;
  }

  // The ends that were read on which such a call does not sleep.
  Set ReadyEnds(const Look& look, Call call) const {
    Set ready = look.ended | look.eof;
    if (call != Call::kSend) return ready | look.full;
    for (int end = 0; end < config_.ends; ++end) {
      const bool is_unix = Has(config_.is_unix, end);
      const int holds_up = is_unix ? config_.peer_of[end] : end;
      if (Has(look.ends, holds_up) &&
          !Has(is_unix ? look.full : look.sending, holds_up)) {
        Add(ready, end);
      }
    }
    return ready;
  }

  // The call's numbers mean sockets, and each connected socket is open in a
  // process that was read.
  bool MeansSockets(const Look& look, int call) const {
    if (Has(look.threads, call) && IsTableRead(look, call) &&
        Meaning(look, call) == 0) {
      return false;
    }
    return look.processes != UpTo(config_.processes) ||
           Includes(Held(look) | look.ended, look.ends);
  }

  // An end's other end is the one with addresses that fit; several may.
  bool IsJoinExact(int call) const {
    for (int end = 0; end < config_.ends; ++end) {
      if (!Has(Waited(call), end)) continue;
      int fitting = 0;
      for (int other = 0; other < config_.ends; ++other) {
        if (Fits(end, other)) ++fitting;
      }
      if (fitting != 1) return false;
    }
    return true;
  }

  // All threads of all who hold its ends, or the other ones, are in the knot.
  bool ArePartiesKnown(int call) const {
    for (int i = 0; i < config_.processes; ++i) {
      if (Has(Parties(call), i) && !Includes(knot_, config_.ThreadsOf(i))) {
        return false;
      }
    }
    return true;
  }

  // --- What the looks say.

  static bool HasWoken(const State& state) {
    for (int i = 0; i < kThreads; ++i) {
      if (Has(state.knot, i) && state.threads[i].has_moved) return true;
    }
    return false;
  }

  bool Fits(int end, int other) const {
    return config_.addresses[other] == (config_.addresses[end] ^ 1);
  }

  // The first that fits; there is one.
  Set Peers(Set ends) const {
    Set peers = 0;
    for (int end = 0; end < config_.ends; ++end) {
      if (!Has(ends, end)) continue;
      int other = 0;
      while (!Fits(end, other)) ++other;
      Add(peers, other);
    }
    return peers;
  }

  // Processes that in either look have an end that the call waits on, or the
  // other one of it.
  Set Parties(int call) const {
    const Set waited = Waited(call);
    const Set ends = waited | Peers(waited);
    Set parties = 0;
    for (int i = 0; i < config_.processes; ++i) {
      const Set held = Table(first_, i) | Table(second_, i);
      if ((held & ends) != 0) Add(parties, i);
    }
    return parties;
  }

  // The ends that the call may be on.
  Set Waited(int call) const {
    Set ends = Meaning(first_, call) | Meaning(second_, call);
    const Set siblings = config_.ThreadsOf(config_.process_of[call]);
    if (needs_.Has(Condition::kSharedTable) && siblings != Of(call)) {
      AddAll(ends, Others(first_, call) | Others(second_, call));
    }
    return ends;
  }

  // Once all was read: the ends that are open in a process of the call's host
  // and on which it would sleep.
  Set Others(const Look& look, int call) const {
    if (look.ends != UpTo(config_.ends)) return 0;
    Set others = 0;
    for (int end = 0; end < config_.ends; ++end) {
      if (config_.host_of_end[end] ==
          config_.host_of[config_.process_of[call]]) {
        Add(others, end);
      }
    }
    return others & Held(look) &
           static_cast<Set>(~ReadyEnds(look, CallOf(call)));
  }

  Call CallOf(int call) const {
    return (Has(second_.threads, call) ? second_ : first_).calls[call];
  }

  bool IsTableRead(const Look& look, int call) const {
    return Has(look.processes, config_.process_of[call]);
  }

  Set Meaning(const Look& look, int call) const {
    Set ends = 0;
    if (!Has(look.threads, call) || !IsTableRead(look, call)) return ends;
    for (int number = 0; number < kNumbers; ++number) {
      const int end = look.tables[config_.process_of[call]][number];
      if (Has(look.numbers[call], number) && end != kNoEnd) Add(ends, end);
    }
    return ends;
  }

  Set Held(const Look& look) const {
    Set held = 0;
    for (int i = 0; i < config_.processes; ++i) AddAll(held, Table(look, i));
    return held;
  }

  Set Table(const Look& look, int process) const {
    Set ends = 0;
    if (!Has(look.processes, process)) return ends;
    for (const int8_t end : look.tables[process]) {
      if (end != kNoEnd) Add(ends, end);
    }
    return ends;
  }

  const Configuration& config_;
  const Needs& needs_;
  const Set knot_;
  const Look& first_;
  const Look& second_;
  // The one that is being taken.
  const Look& look_;
  // Since the first look has begun to read tables.
  const bool has_passed_;
  // One of the knot since the first look read it: the second one will see it.
  const bool has_woken_;
};

}  // namespace

Needs Needs::All() {
  Needs all;
  for (int i = v1::Premise_MIN; i <= v1::Premise_MAX; ++i) {
    if (i != v1::PREMISE_UNSPECIFIED) {
      all.premises.insert(static_cast<v1::Premise>(i));
    }
  }
  all.conditions = {Condition::kTableAfterThreads, Condition::kListedAgain,
                    Condition::kSharedTable, Condition::kNonePassed};
  return all;
}

bool CanHold(const Configuration& configuration, const Needs& needs,
             const State& state) {
  return Checker(configuration, needs, state).All();
}

}  // namespace standoff::model

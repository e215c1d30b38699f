#include "tests/why/random/truth.h"

#include <algorithm>

namespace standoff::client {
namespace {

// Who can still do something, by trying until nobody more can: whoever may act
// does whatever lets others go on.
class Play {
 public:
  Play(const Situation& situation, bool with_asynchronous)
      : situation_(situation),
        with_asynchronous_(with_asynchronous),
        is_free_(situation.parties.size()) {
    for (size_t i = 0; i < is_free_.size(); ++i) {
      const Party& party = situation_.parties[i];
      is_free_[i] = HasTimeout(party.what) || party.what == What::kIdle ||
                    party.what == What::kNap || party.what == What::kRead ||
                    // The kernel gives up.
                    (party.what == What::kConnect &&
                     !IsUnix(situation_.ends[party.ends[0]].medium));
    }
    bool has_changed = true;
    while (has_changed) {
      has_changed = false;
      for (size_t i = 0; i < is_free_.size(); ++i) {
        if (is_free_[i] || !IsCall(situation_.parties[i].what)) continue;
        if (!MayEnd(i)) continue;
        is_free_[i] = true;
        has_changed = true;
      }
    }
  }

  std::vector<bool> Stuck() const {
    std::vector<bool> stuck;
    for (size_t i = 0; i < is_free_.size(); ++i) {
      stuck.push_back(IsCall(situation_.parties[i].what) && !is_free_[i]);
    }
    return stuck;
  }

 private:
  bool ProcessActs(size_t owner) const {
    const Owner& process = situation_.owners[owner];
    if (process.held != Held::kNot) return true;
    if (with_asynchronous_ && process.has_alarm) return true;
    const std::vector<size_t> parties = situation_.PartiesOf(owner);
    return std::any_of(parties.begin(), parties.end(),
                       [this](size_t party) { return is_free_[party]; });
  }

  // Of a session's end: those who are in a call on it, or if nobody is its
  // script.
  bool SessionActs(size_t end) const {
    bool is_used = false;
    for (size_t i = 0; i < is_free_.size(); ++i) {
      const Party& party = situation_.parties[i];
      if (std::find(party.ends.begin(), party.ends.end(), end) ==
          party.ends.end()) {
        continue;
      }
      is_used = true;
      if (is_free_[i]) return true;
    }
    return !is_used;
  }

  bool Acts(size_t end) const {
    const std::vector<size_t> holders = situation_.HoldersOf(end);
    return std::any_of(holders.begin(), holders.end(), [&](size_t holder) {
      const Owner& owner = situation_.owners[holder];
      if (!owner.is_process) return SessionActs(end);
      if (owner.replaced != end || owner.keeps_replaced) {
        return ProcessActs(holder);
      }
      // It has no descriptor of it any more: the end of its call closes it.
      return holders.size() == 1 && is_free_[situation_.PartiesOf(holder)[1]];
    });
  }

  // Everybody but processes without any socket: a proof says that it relies on
  // nobody else.
  bool AnybodyActs() const {
    for (size_t i = 0; i < situation_.ends.size(); ++i) {
      if (Acts(i)) return true;
    }
    for (size_t i = 0; i < is_free_.size(); ++i) {
      const bool is_actor = situation_.parties[i].owner < 2;
      if (is_actor && is_free_[i]) return true;
    }
    return false;
  }

  bool MayEnd(size_t party) const {
    for (const size_t index : situation_.parties[party].ends) {
      const End& end = situation_.ends[index];
      switch (end.link) {
        case Link::kAnyone:
          if (AnybodyActs()) return true;
          break;
        case Link::kDeferred:
        case Link::kClosed:
          return true;
        default:
          // Others who have the same end may shut it down.
          if (Acts(index) || Acts(end.peer)) return true;
      }
    }
    return false;
  }

  const Situation& situation_;
  const bool with_asynchronous_;
  std::vector<bool> is_free_;
};

class Reasons {
 public:
  explicit Reasons(const Situation& situation) : situation_(situation) {}

  std::set<v1::Reason> Of(const Party& party) const {
    if (!IsCall(party.what)) return {};
    if (IsHeld(party.owner)) return {v1::REASON_PEER_STOPPED};
    std::set<v1::Reason> all;
    for (const size_t end : party.ends) AddOf(party.what, end, all);
    // Which socket the call is on, whose number is another one's now, no kernel
    // tells.
    const Owner& owner = situation_.owners[party.owner];
    if (party.ends[0] == owner.replaced) {
      AddOf(party.what, owner.replaced_by, all);
    }
    return all;
  }

 private:
  bool IsHeld(size_t owner) const {
    return situation_.owners[owner].held != Held::kNot;
  }
  bool AnyHeld() const {
    for (size_t i = 0; i < situation_.owners.size(); ++i) {
      if (IsHeld(i)) return true;
    }
    return false;
  }

  // What those who have an end do.
  v1::Reason DoneAt(size_t end) const {
    const std::vector<size_t> holders = situation_.HoldersOf(end);
    if (std::all_of(holders.begin(), holders.end(),
                    [this](size_t owner) { return IsHeld(owner); })) {
      return v1::REASON_PEER_STOPPED;
    }
    if (situation_.owners[holders[0]].is_process) return v1::REASON_PEER_BUSY;
    const bool is_used =
        std::any_of(situation_.parties.begin(), situation_.parties.end(),
                    [&](const Party& party) {
                      return std::find(party.ends.begin(), party.ends.end(),
                                       end) != party.ends.end();
                    });
    return is_used ? v1::REASON_PEER_BUSY : v1::REASON_PEER_IDLE;
  }

  void AddOf(What what, size_t index, std::set<v1::Reason>& to) const {
    const End& end = situation_.ends[index];
    if (end.link == Link::kAnyone) {
      to.insert({v1::REASON_PEER_IDLE, v1::REASON_PEER_BUSY});
      if (AnyHeld()) to.insert(v1::REASON_PEER_STOPPED);
      return;
    }
    if (end.link == Link::kClosed) {
      to.insert(v1::REASON_PEER_GONE);
      return;
    }
    const v1::Reason done = DoneAt(end.peer);
    if (done == v1::REASON_PEER_STOPPED) to.insert(done);
    switch (end.link) {
      case Link::kQueued:
      case Link::kDeferred:
        to.insert(v1::REASON_NOT_ACCEPTED);
        if (what == What::kSend) to.insert(v1::REASON_PEER_NOT_READING);
        return;
      case Link::kFullQueue:
        to.insert(v1::REASON_BACKLOG_FULL);
        return;
      default:
        break;
    }
    if (what == What::kSend) {
      to.insert(v1::REASON_PEER_NOT_READING);
    } else if (end.incoming == Flow::kSome) {
      to.insert(v1::REASON_PARTLY_FILLED);
      // What a call has taken already is no more in the queue.
      to.insert(done);
    } else {
      to.insert(done);
    }
  }

  const Situation& situation_;
};

// Whether a thread of a process could have made the number of a descriptor, on
// which another one waits, mean another socket.
bool MayHaveMixedNumbers(const Situation& situation, size_t owner) {
  const std::vector<size_t> parties = situation.PartiesOf(owner);
  if (!situation.owners[owner].is_process || parties.size() < 2) return false;
  for (size_t end = 0; end < situation.ends.size(); ++end) {
    const std::vector<size_t> holders = situation.HoldersOf(end);
    const bool has_it =
        std::find(holders.begin(), holders.end(), owner) != holders.end();
    const bool is_waited_on =
        std::any_of(parties.begin(), parties.end(), [&](size_t party) {
          const auto& ends = situation.parties[party].ends;
          return std::find(ends.begin(), ends.end(), end) != ends.end();
        });
    if (has_it && !is_waited_on) return true;
  }
  return false;
}

}  // namespace

Truth::Truth(const Situation& situation)
    : stuck(Play(situation, true).Stuck()),
      seems_stuck(Play(situation, false).Stuck()) {
  for (const Party& party : situation.parties) {
    reasons.push_back(Reasons(situation).Of(party));
    if (party.what == What::kHold || party.what == What::kEnd ||
        party.has_own_descriptors) {
      is_plain = false;
    }
    for (const size_t end : party.ends) {
      if (situation.ends[end].link == Link::kAnyone) is_plain = false;
    }
  }
  for (size_t i = 0; i < situation.owners.size(); ++i) {
    const Owner& owner = situation.owners[i];
    if (MayHaveMixedNumbers(situation, i)) is_plain = false;
    if (owner.held != Held::kNot || owner.has_alarm || owner.has_timer ||
        owner.has_ring || owner.posted != kNobody ||
        owner.replaced != kNobody) {
      is_plain = false;
    }
  }
}

}  // namespace standoff::client

#include "tests/model/looks.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace standoff::model {
namespace {

// Single things to read.
struct Item {
  enum class Kind { kThread, kProcess, kEnd, kList };

  Kind kind;
  // Of the thread, process or end, or of a list's host.
  int number;
};

// Takes reads of one state.
class Reader {
 public:
  Reader(const Configuration& configuration, const Needs& needs,
         const State& state)
      : config_(configuration),
        needs_(needs),
        state_(state),
        look_(state.looks[state.phase]) {}

  bool HasRead(Item item) const {
    switch (item.kind) {
      case Item::Kind::kThread:
        return Has(look_.threads, item.number);
      case Item::Kind::kProcess:
        return Has(look_.processes, item.number);
      case Item::Kind::kEnd:
        return Has(look_.ends, item.number);
      case Item::Kind::kList:
        return Has(look_.listed, item.number);
    }
    return false;
  }

  // Reads it, after what has to be read before it.
  void Read(Item item) {
    if (HasRead(item)) return;
    switch (item.kind) {
      case Item::Kind::kThread:
        return ReadThread(item.number);
      case Item::Kind::kProcess:
        return ReadProcess(item.number);
      case Item::Kind::kEnd:
        return ReadEnd(item.number);
      case Item::Kind::kList:
        return ReadList(item.number);
    }
  }

  const Look& look() const { return look_; }

 private:
  void ReadThread(int i) {
    const Thread& thread = state_.threads[i];
    Add(look_.threads, i);
    // One that can go on is not asleep any more.
    const bool sleeps =
        thread.held != Held::kNot || !IsReady(config_, state_, thread);
    look_.calls[i] = sleeps ? thread.call : Call::kNone;
    look_.numbers[i] = thread.numbers;
    if (thread.held == Held::kStopped) Add(look_.stopped, i);
    if (thread.has_moved && state_.phase == 1) Add(look_.threads_moved, i);
  }

  void ReadProcess(int i) {
    for (int thread = 0; thread < config_.threads; ++thread) {
      if (needs_.Has(Condition::kTableAfterThreads) &&
          config_.process_of[thread] == i && Has(state_.knot, thread)) {
        Read({Item::Kind::kThread, thread});
      }
    }
    const Process& process = state_.processes[i];
    Add(look_.processes, i);
    if (process.exists) Add(look_.existing, i);
    if (Has(config_.hidden, i)) {
      std::fill_n(look_.tables[i], kNumbers, kNoEnd);
      return;
    }
    std::copy_n(process.table, kNumbers, look_.tables[i]);
    if (process.has_timer || process.ring != kNoEnd) {
      Add(look_.asynchronous, i);
    }
  }

  void ReadEnd(int i) {
    const End& end = state_.ends[i];
    Add(look_.ends, i);
    if (end.queue != kEmpty) Add(look_.full, i);
    if (end.queue >= 0) Add(look_.carrying, i);
    if (end.is_sending) Add(look_.sending, i);
    if (end.is_ended) Add(look_.ended, i);
    if (end.is_eof) Add(look_.eof, i);
    if (end.has_moved && state_.phase == 1 && !Has(config_.is_unix, i)) {
      Add(look_.ends_moved, i);
    }
  }

  void ReadList(int host) {
    Add(look_.listed, host);
    for (int i = 0; i < config_.processes; ++i) {
      if (config_.host_of[i] != host) continue;
      Read({Item::Kind::kProcess, i});
      if (state_.processes[i].exists && !Has(look_.existing, i)) {
        Add(look_.incomplete, host);
      }
    }
  }

  const Configuration& config_;
  const Needs& needs_;
  const State& state_;
  Look look_;
};

// All that a look has to read.
std::vector<Item> Items(const Configuration& configuration, Set knot) {
  std::vector<Item> items;
  for (int i = 0; i < configuration.threads; ++i) {
    if (Has(knot, i)) items.push_back({Item::Kind::kThread, i});
  }
  for (int i = 0; i < configuration.processes; ++i) {
    items.push_back({Item::Kind::kProcess, i});
  }
  for (int i = 0; i < configuration.ends; ++i) {
    items.push_back({Item::Kind::kEnd, i});
  }
  for (int i = 0; i < kHosts; ++i) {
    if (Has(configuration.Hosts(), i)) items.push_back({Item::Kind::kList, i});
  }
  return items;
}

bool IsSameThread(const Configuration& configuration, const State& before,
                  const State& next, int i) {
  const Thread& then = before.threads[i];
  const Thread& now = next.threads[i];
  return then.call == now.call && then.numbers == now.numbers &&
         then.held == now.held && then.has_moved == now.has_moved &&
         IsReady(configuration, before, then) ==
             IsReady(configuration, next, now);
}

bool IsSameProcess(const Process& then, const Process& now) {
  return then.exists == now.exists && then.has_timer == now.has_timer &&
         then.ring == now.ring &&
         std::equal(std::begin(then.table), std::end(then.table), now.table);
}

bool IsSameEnd(const End& then, const End& now) {
  return then.queue == now.queue && then.is_sending == now.is_sending &&
         then.is_ended == now.is_ended && then.is_eof == now.is_eof &&
         then.has_moved == now.has_moved;
}

// Whether reading it finds the same in both states.
bool IsSame(const Configuration& configuration, const State& before,
            const State& next, Item item) {
  switch (item.kind) {
    case Item::Kind::kThread:
      return IsSameThread(configuration, before, next, item.number);
    case Item::Kind::kProcess:
      return IsSameProcess(before.processes[item.number],
                           next.processes[item.number]);
    case Item::Kind::kEnd:
      return IsSameEnd(before.ends[item.number], next.ends[item.number]);
    case Item::Kind::kList:
      for (int i = 0; i < configuration.processes; ++i) {
        if (configuration.host_of[i] == item.number &&
            before.processes[i].exists != next.processes[i].exists) {
          return false;
        }
      }
      return true;
  }
  return true;
}

// What has moved since the first look counts only for what that has read.
void ForgetUnread(State& state) {
  for (int i = 0; i < kThreads; ++i) {
    state.threads[i].has_moved &= Has(state.looks[0].threads, i);
  }
  for (int i = 0; i < kEnds; ++i) {
    state.ends[i].has_moved &= Has(state.looks[0].ends, i);
  }
}

}  // namespace

void ReadBefore(const Configuration& configuration, const Needs& needs,
                const State& before, const State& next, Step step, Emit emit) {
  if (before.phase == 2) {
    State proved = next;
    proved.has_passed = false;
    ForgetUnread(proved);
    return emit(proved, step);
  }
  const Reader so_far(configuration, needs, before);
  std::vector<Item> changed;
  for (const Item item : Items(configuration, before.knot)) {
    if (!so_far.HasRead(item) && !IsSame(configuration, before, next, item)) {
      changed.push_back(item);
    }
  }
  for (unsigned choice = 0; choice < 1u << changed.size(); ++choice) {
    Reader reader = so_far;
    for (size_t i = 0; i < changed.size(); ++i) {
      if ((choice >> i & 1) != 0) reader.Read(changed[i]);
    }
    State state = next;
    state.looks[state.phase] = reader.look();
    ForgetUnread(state);
    if (CanHold(configuration, needs, state)) {
      state.has_passed = false;
      emit(state, step);
    }
  }
}

void FinishLook(const Configuration& configuration, const Needs& needs,
                const State& state, Emit emit) {
  if (state.phase == 2) return;
  Reader reader(configuration, needs, state);
  for (const Item item : Items(configuration, state.knot)) reader.Read(item);
  State next = state;
  next.looks[next.phase] = reader.look();
  if (!CanHold(configuration, needs, next)) return;
  ++next.phase;
  if (next.phase == 2) {
    // It no longer matters how it was proved.
    next.looks[0] = next.looks[1] = Look();
    ForgetUnread(next);
    emit(next, {"the second look is over: PROVED", 0});
  } else {
    emit(next, {"the first look is over", 0});
  }
}

}  // namespace standoff::model

#include "tests/model/steps.h"

#include <algorithm>
#include <iterator>

namespace standoff::model {
namespace {

// Whether something can be sent on an end.
bool HasRoom(const Configuration& configuration, const State& state, int end) {
  if (!Has(configuration.is_unix, end)) return !state.ends[end].is_sending;
  return state.ends[configuration.peer_of[end]].queue == kEmpty;
}

// Makes one step in a copy of a state.
class Stepper {
 public:
  Stepper(const Configuration& configuration, const State& state, Emit emit)
      : config_(configuration), before_(state), emit_(emit) {}

  void TakeAll() {
    for (int i = 0; i < config_.threads; ++i) {
      const Thread& thread = before_.threads[i];
      if (!thread.exists) continue;
      if (thread.call == Call::kNone) {
        if (thread.acts > 0 && thread.held == Held::kNot) Act(i);
      } else {
        GoOn(i);
      }
    }
    for (int end = 0; end < config_.ends; ++end) Deliver(end);
    for (int i = 0; i < config_.processes; ++i) Fire(i);
  }

 private:
  // --- Threads that run.

  void Act(int thread) {
    const Process& process = before_.processes[config_.process_of[thread]];
    for (int number = 0; number < kNumbers; ++number) {
      const int end = process.table[number];
      if (end == kNoEnd) continue;
      MakeCall(thread, Call::kReceive, Of(number), Of(end),
               {"thread $0 receives on number $1", thread, number});
      MakeCall(thread, Call::kSend, Of(number), Of(end),
               {"thread $0 sends on number $1", thread, number});
      ActOn(thread, number, end);
    }
    if (config_.May(kPollAll)) {
      Set numbers = 0;
      Set ends = 0;
      for (int number = 0; number < kNumbers; ++number) {
        if (process.table[number] == kNoEnd) continue;
        Add(numbers, number);
        Add(ends, process.table[number]);
      }
      if (ends != 0) {
        MakeCall(thread, Call::kPoll, numbers, ends,
                 {"thread $0 polls all that it has", thread});
      }
    }
    if (config_.May(kFork)) Fork(thread);
    if (config_.May(kExit)) Exit(thread);
    if (config_.May(kSetTimer) && !process.has_timer) {
      Begin(thread);
      ProcessOf(thread).has_timer = true;
      Finish({"thread $0 sets a timer", thread});
    }
  }

  void ActOn(int thread, int number, int end) {
    if (config_.May(kShutDown) && !before_.ends[end].is_ended) {
      Begin(thread);
      Finish(end, {"thread $0 shuts number $1 down", thread, number});
    }
    if (config_.May(kClose)) {
      Begin(thread);
      ProcessOf(thread).table[number] = kNoEnd;
      Finish({"thread $0 closes number $1", thread, number});
    }
    if (config_.May(kSetRing) && ProcessOf(before_, thread).ring == kNoEnd) {
      Begin(thread);
      ProcessOf(thread).ring = static_cast<int8_t>(end);
      Finish({"thread $0 has a ring send on number $1", thread, number});
    }
    for (int other = 0; other < kNumbers; ++other) {
      const int by = ProcessOf(before_, thread).table[other];
      if (config_.May(kDuplicate) && by != end) {
        Begin(thread);
        ProcessOf(thread).table[other] = static_cast<int8_t>(end);
        Finish({"thread $0 makes number $1 mean what another one does", thread,
                other});
      }
      if (config_.May(kPass) && other != number && by != kNoEnd &&
          Has(config_.is_unix, by) && HasRoom(config_, before_, by) &&
          !before_.ends[by].is_ended && !before_.ends[by].is_eof) {
        Begin(thread);
        next_.ends[config_.peer_of[by]].queue = static_cast<int8_t>(end);
        next_.has_passed = true;
        Finish({"thread $0 passes number $1 in a message", thread, number});
      }
    }
  }

  void MakeCall(int thread, Call call, Set numbers, Set ends, Step step) {
    Begin(thread);
    Thread& caller = next_.threads[thread];
    caller.call = call;
    caller.numbers = numbers;
    caller.ends = ends;
    if (IsReady(config_, next_, caller)) Return(thread);
    Finish(step);
  }

  void Fork(int thread) {
    const int parent = config_.process_of[thread];
    for (int child = 0; child < config_.threads; ++child) {
      const int process = config_.process_of[child];
      const Thread& unborn = before_.threads[child];
      if (before_.processes[process].exists || unborn.acts == 0 ||
          config_.host_of[process] != config_.host_of[parent]) {
        continue;
      }
      Begin(thread);
      next_.threads[child].exists = true;
      next_.processes[process].exists = true;
      std::copy(std::begin(next_.processes[parent].table),
                std::end(next_.processes[parent].table),
                next_.processes[process].table);
      Finish({"thread $0 forks thread $1", thread, child});
      return;
    }
  }

  void Exit(int thread) {
    Begin(thread);
    next_.threads[thread] = Thread();
    const int process = config_.process_of[thread];
    bool has_threads = false;
    for (int other = 0; other < config_.threads; ++other) {
      has_threads |=
          config_.process_of[other] == process && next_.threads[other].exists;
    }
    if (!has_threads) next_.processes[process] = Process();
    Finish({"thread $0 exits", thread});
  }

  // --- Threads that are in a call.

  void GoOn(int thread) {
    const Thread& caller = before_.threads[thread];
    if (caller.held == Held::kNot) {
      if (IsReady(config_, before_, caller)) {
        next_ = before_;
        Return(thread);
        Finish({"the call of thread $0 returns", thread});
      }
      if (Has(config_.timed, thread)) {
        Interrupt(thread, {"the call of thread $0 times out", thread});
      }
      return;
    }
    if (caller.held == Held::kStopped) {
      Interrupt(thread,
                {"thread $0 is continued, and its call is over", thread});
    }
    next_ = before_;
    next_.threads[thread].held = Held::kNot;
    Finish({"thread $0 is continued, or gets its memory or lock", thread});
  }

  // A call that can go on does what it is for.
  void Return(int thread) {
    Thread& caller = next_.threads[thread];
    const Call call = caller.call;
    for (int end = 0; end < config_.ends && call != Call::kPoll; ++end) {
      if (!Has(caller.ends, end) || next_.ends[end].is_ended) continue;
      if (call == Call::kReceive) {
        Take(thread, end);
      } else if (!next_.ends[end].is_eof) {
        Put(end);
      }
    }
    EndCall(thread);
  }

  void Interrupt(int thread, Step step) {
    next_ = before_;
    EndCall(thread);
    Finish(step);
  }

  void EndCall(int thread) {
    Thread& caller = next_.threads[thread];
    caller.call = Call::kNone;
    caller.numbers = 0;
    caller.ends = 0;
    caller.held = Held::kNot;
    caller.has_moved = true;
  }

  // --- Sockets.

  void Take(int thread, int end) {
    End& from = next_.ends[end];
    if (from.queue == kEmpty) return;
    if (from.queue >= 0) {
      next_.has_passed = true;
      for (int8_t& meaning : ProcessOf(thread).table) {
        if (meaning != kNoEnd) continue;
        meaning = from.queue;
        break;
      }
    }
    from.queue = kEmpty;
    Moved(end);
  }

  void Put(int end) {
    if (Has(config_.is_unix, end)) {
      next_.ends[config_.peer_of[end]].queue = kPlain;
    } else {
      next_.ends[end].is_sending = true;
    }
    Moved(end);
  }

  void EndIt(int end) {
    next_.ends[end].is_ended = true;
    Moved(end);
    if (Has(config_.is_unix, end)) {
      next_.ends[config_.peer_of[end]].is_eof = true;
    }
  }

  void Deliver(int end) {
    const int peer = config_.peer_of[end];
    if (before_.ends[end].is_sending && before_.ends[peer].queue == kEmpty) {
      next_ = before_;
      next_.ends[end].is_sending = false;
      if (!before_.ends[peer].is_ended) next_.ends[peer].queue = kPlain;
      Moved(end);
      Moved(peer);
      Finish({"what was sent on end $0 arrives", end});
    }
    if (before_.ends[end].is_ended && !before_.ends[end].is_sending &&
        !before_.ends[peer].is_eof) {
      next_ = before_;
      next_.ends[peer].is_eof = true;
      Moved(peer);
      Finish({"that end $0 is closed arrives", end});
    }
  }

  void Moved(int end) { next_.ends[end].has_moved = true; }

  // --- What acts by itself.

  void Fire(int process) {
    const Process& owner = before_.processes[process];
    if (owner.has_timer) {
      for (int thread = 0; thread < config_.threads; ++thread) {
        if (config_.process_of[thread] != process ||
            before_.threads[thread].call == Call::kNone) {
          continue;
        }
        next_ = before_;
        next_.processes[process].has_timer = false;
        EndCall(thread);
        Finish({"a timer interrupts the call of thread $0", thread});
      }
    }
    if (owner.ring != kNoEnd && HasRoom(config_, before_, owner.ring)) {
      next_ = before_;
      next_.processes[process].ring = kNoEnd;
      if (!before_.ends[owner.ring].is_ended) Put(owner.ring);
      Finish({"a ring sends on end $0", owner.ring});
    }
  }

  // --- All.

  void Begin(int thread) {
    next_ = before_;
    --next_.threads[thread].acts;
  }

  // Closes what nobody refers to any more, and hands the state on.
  void Finish(Step step) {
    for (bool again = true; again;) {
      again = false;
      const Set open = References();
      for (int end = 0; end < config_.ends; ++end) {
        if (Has(open, end)) continue;
        if (next_.ends[end].queue >= 0) again = true;
        next_.ends[end].queue = kEmpty;
        if (!next_.ends[end].is_ended) EndIt(end);
      }
    }
    emit_(next_, step);
  }

  void Finish(int end, Step step) {
    EndIt(end);
    Finish(step);
  }

  Set References() const {
    Set open = 0;
    const auto add = [&open](int end) {
      if (end >= 0) Add(open, end);
    };
    for (const Process& process : next_.processes) {
      for (const int8_t end : process.table) add(end);
      add(process.ring);
    }
    for (const Thread& thread : next_.threads) AddAll(open, thread.ends);
    for (const End& end : next_.ends) add(end.queue);
    return open;
  }

  Process& ProcessOf(int thread) {
    return next_.processes[config_.process_of[thread]];
  }
  const Process& ProcessOf(const State& state, int thread) const {
    return state.processes[config_.process_of[thread]];
  }

  const Configuration& config_;
  const State& before_;
  const Emit emit_;
  State next_;
};

}  // namespace

void TakeSteps(const Configuration& configuration, const State& state,
               Emit emit) {
  Stepper(configuration, state, emit).TakeAll();
}

bool IsReady(const Configuration& configuration, const State& state,
             const Thread& thread) {
  for (int i = 0; i < configuration.ends; ++i) {
    if (!Has(thread.ends, i)) continue;
    const End& end = state.ends[i];
    if (end.is_eof || end.is_ended) return true;
    if (thread.call != Call::kSend) {
      if (end.queue != kEmpty) return true;
    } else if (HasRoom(configuration, state, i)) {
      return true;
    }
  }
  return false;
}

}  // namespace standoff::model

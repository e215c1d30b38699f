// What the model consists of: so little that all that can happen is tried.

#ifndef STANDOFF_TESTS_MODEL_STATE_H_
#define STANDOFF_TESTS_MODEL_STATE_H_

#include <cstdint>
#include <type_traits>

namespace standoff::model {

inline constexpr int kHosts = 2;
inline constexpr int kProcesses = 4;
inline constexpr int kThreads = 4;
// Descriptor numbers that a process can use.
inline constexpr int kNumbers = 3;
inline constexpr int kEnds = 6;

// A set of numbers below 8.
using Set = uint8_t;
constexpr Set Of(int member) { return static_cast<Set>(1 << member); }
constexpr Set UpTo(int count) { return static_cast<Set>((1 << count) - 1); }
constexpr bool Has(Set set, int member) { return (set >> member & 1) != 0; }
constexpr bool Includes(Set set, Set other) { return (other & ~set) == 0; }
inline void Add(Set& set, int member) { set |= Of(member); }
inline void AddAll(Set& set, Set other) { set |= other; }

inline constexpr int8_t kNoEnd = -1;

// A receive queue has room for one unit: either a plain one, or one that
// carries a descriptor of the end with this number.
inline constexpr int8_t kEmpty = -1;
inline constexpr int8_t kPlain = -2;

// One end of a connection: a socket.
struct End {
  int8_t queue = kEmpty;
  // A unit was sent and has not reached the other end's receive queue: it is in
  // the network, or waits for that queue to have room (a zero window).
  bool is_sending = false;
  // Shut down or closed: nothing more is sent, and calls on it return.
  bool is_ended = false;
  // The other end is ended, and that has arrived.
  bool is_eof = false;
  // A counter of the kernel has changed since the first look at it.
  bool has_moved = false;
};

// A descriptor table with the threads that share it.
struct Process {
  bool exists = false;
  // By number: the end that it means.
  int8_t table[kNumbers] = {kNoEnd, kNoEnd, kNoEnd};
  // A timer that interrupts a call of one of its threads.
  bool has_timer = false;
  // The end on which a ring sends a unit, whatever the threads do.
  int8_t ring = kNoEnd;
};

enum class Call : uint8_t { kNone, kReceive, kSend, kPoll };

// Why a thread that is in a call does not go on though it may be able to.
enum class Held : uint8_t {
  kNot,
  // Stopped, traced or frozen. Its call may be over: that looks the same.
  kStopped,
  // It sleeps in the call, for memory or a lock: not where the call waits.
  kElsewhere
};

struct Thread {
  bool exists = false;
  Call call = Call::kNone;
  // The descriptors that the call was made with, which may mean other sockets
  // by now.
  Set numbers = 0;
  // The sockets that the call is on.
  Set ends = 0;
  Held held = Held::kNot;
  // How many more acts its program has.
  int8_t acts = 0;
  // It was switched to since the first look at it.
  bool has_moved = false;
};

// What a look has found so far. A set has those of which the thing was true at
// the moment when they were read.
struct Look {
  // What was read.
  Set processes = 0;
  Set threads = 0;
  Set ends = 0;
  // Hosts whose list of processes was read again after them.
  Set listed = 0;

  // Of processes.
  int8_t tables[kProcesses][kNumbers] = {};
  Set existing = 0;
  Set asynchronous = 0;
  // Hosts that had a process, when listed again, that the look has not read.
  Set incomplete = 0;

  // Of threads.
  Call calls[kThreads] = {};
  Set numbers[kThreads] = {};
  Set stopped = 0;
  Set threads_moved = 0;

  // Of ends.
  Set full = 0;
  Set carrying = 0;
  Set sending = 0;
  Set ended = 0;
  Set eof = 0;
  Set ends_moved = 0;
};

struct State {
  End ends[kEnds];
  Process processes[kProcesses];
  Thread threads[kThreads];
  // The threads whose calls the looks are to prove stuck.
  Set knot = 0;
  // Which look is being taken: 0 or 1. 2: both are over, and the knot is
  // proved.
  uint8_t phase = 0;
  Look looks[2];
  // The last step put a descriptor into a message or took it out.
  bool has_passed = false;
};
// States are compared and hashed as bytes.
static_assert(std::has_unique_object_representations_v<State>);

}  // namespace standoff::model

#endif  // STANDOFF_TESTS_MODEL_STATE_H_

// A random situation: who has which sockets on two hosts and who waits for
// what.

#ifndef STANDOFF_TESTS_WHY_RANDOM_SITUATION_H_
#define STANDOFF_TESTS_WHY_RANDOM_SITUATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace standoff::client {

// As driver.py names them.
enum class Medium {
  kTcp4,
  kTcp6,
  kMptcp,
  kUdp,
  kUnixStream,
  kUnixSeqpacket,
  kUnixDatagram
};
const char* NameOf(Medium medium);
bool IsUnix(Medium medium);
// Without connections to be accepted.
bool IsDatagram(Medium medium);

// What there is between two ends.
enum class Link {
  kConnected,
  // The second end is a listener, in whose queue the connection waits.
  kQueued,
  // The same with TCP_DEFER_ACCEPT.
  kDeferred,
  // The same, and the queue is full: the first end is not connected.
  kFullQueue,
  // The second end was closed.
  kClosed,
  // There is a listener, or a bound datagram socket, and no first end.
  kAnyone
};

// The bytes on their way to an end.
enum class Flow {
  kNone,
  // Less than SO_RCVLOWAT.
  kSome,
  // As many as fit, from a sender who waits.
  kFull
};

// Index of an owner, an end or a party.
inline constexpr size_t kNobody = static_cast<size_t>(-1);

struct End {
  std::string name;
  Medium medium = Medium::kTcp4;
  Link link = Link::kConnected;
  // Of a listener or a datagram socket, among several.
  bool is_shared_port = false;
  bool is_second = false;
  // kNobody if there is no such end.
  size_t owner = kNobody;
  size_t peer = kNobody;
  Flow incoming = Flow::kNone;

  bool IsListener() const {
    return is_second && link != Link::kConnected && link != Link::kClosed &&
           !IsDatagram(medium);
  }
};

enum class Held { kNot, kStopped, kFrozen };

// The first two are the sessions of the two hosts, the others processes.
struct Owner {
  size_t host = 0;
  bool is_process = true;
  // Of a process that was forked: it inherits all ends.
  size_t parent = kNobody;
  Held held = Held::kNot;
  // Things that may act, or may not, while its threads sleep.
  bool has_alarm = false;
  bool has_timer = false;
  bool has_ring = false;
  // An end that it has in an SCM_RIGHTS message only, as its children have.
  size_t posted = kNobody;
  // The call of its first other thread is on an end whose descriptor is another
  // one's now.
  size_t replaced = kNobody;
  size_t replaced_by = kNobody;
  // It has another descriptor of that.
  bool keeps_replaced = false;
};

// As driver.py names them.
enum class What {
  // Of an actor: it has done something and has nothing to do.
  kIdle,
  kReceive,
  // Ten bytes at once.
  kReceiveAll,
  kReceiveForATime,
  kSend,
  kAccept,
  kPoll,
  kPollForATime,
  kEpoll,
  kConnect,
  // Sleeps until another thread of the process wakes it.
  kHold,
  kNap,
  // Waits for its standard input.
  kRead,
  // Has ended, and other threads of the process have not.
  kEnd
};
const char* NameOf(What what);
// A call on sockets.
bool IsCall(What what);
bool HasTimeout(What what);

// An actor, or a thread of a process, of which the first comes first.
struct Party {
  size_t owner = 0;
  std::string name;
  bool has_own_descriptors = false;
  What what = What::kIdle;
  // What it waits on.
  std::vector<size_t> ends = {};
};

struct Situation {
  explicit Situation(uint32_t seed, bool can_freeze);

  std::vector<Owner> owners;
  std::vector<End> ends;
  std::vector<Party> parties;

  // The processes that have an end, or the session.
  std::vector<size_t> HoldersOf(size_t end) const;
  std::vector<size_t> PartiesOf(size_t owner) const;
  bool HasProcesses() const { return owners.size() > 2; }
  // For people to read.
  std::string ToString() const;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_RANDOM_SITUATION_H_

// What an operation can wait for.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_ACTION_WAITS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_ACTION_WAITS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "google/protobuf/repeated_field.h"
#include "standoff/v1/action.pb.h"
#include "standoff/v1/address.pb.h"

namespace standoff::client {

// What must happen on a socket for a call to go on.
enum class WaitKind {
  // Something to receive.
  kReceive,
  // Room to send.
  kSend,
  // The end of a connect.
  kConnect,
  // A connection to accept.
  kAccept,
  // An error or a hang-up: all else was not asked for.
  kHangUp,
};

// How much a receive waits for.
struct ReceiveWait {
  // The bytes that it asks for; 0 if that is not known.
  uint64_t length = 0;
  // MSG_WAITALL: all of them.
  bool wait_all = false;
  // MSG_PEEK: it leaves them in the queue.
  bool peeks = false;
  // EPOLLET: only for what comes, not for what is there.
  bool edge_triggered = false;
};

// What flags of recv(2) say of it, each a bit or several.
ReceiveWait ReceiveWaitOf(uint64_t length,
                          const google::protobuf::RepeatedField<int>& flags);

// A wait on a socket of the operation's session.
struct ActionWait {
  // Its name.
  std::string socket;
  WaitKind kind;
  // Where it connects or sends to, if the action says so; else null.
  const v1::Address* target = nullptr;
  // With kReceive.
  ReceiveWait receive = {};
};

// The waits of an action; a poll's events IN and OUT on one socket are two.
// Empty for actions that wait for no socket, such as a look-up.
std::vector<ActionWait> WaitsOf(const v1::Action& action);

// The kinds of wait for poll(2) events. IN may be a receive or an accept: here
// it is a receive.
std::vector<WaitKind> WaitsFor(
    const google::protobuf::RepeatedField<int>& events);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_ACTION_WAITS_H_

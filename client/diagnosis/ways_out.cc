#include "client/diagnosis/ways_out.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

// Whether the call, or one of its waits, is to send.
bool IsSending(const v1::BlockedCall& call) {
  return std::any_of(call.evidence().begin(), call.evidence().end(),
                     [](const v1::Evidence& evidence) {
                       return evidence.reason() == v1::REASON_PEER_NOT_READING;
                     });
}

std::string SocketOf(const v1::BlockedCall& call) {
  if (call.evidence().empty() || !call.evidence(0).has_socket()) {
    return "its socket";
  }
  return call.evidence(0).socket().title();
}

std::string PeerOf(const v1::BlockedCall& call) {
  if (call.evidence().empty() || !call.evidence(0).has_peer()) {
    return "the other end";
  }
  return call.evidence(0).peer().title();
}

// Whether it waits for a connection.
bool IsAccepting(const v1::BlockedCall& call) {
  return !call.evidence().empty() && call.evidence(0).state().listening();
}

// Whether it takes from anybody.
bool IsForAnyone(const v1::BlockedCall& call) {
  return !call.evidence().empty() &&
         call.evidence(0).standing() == v1::PEER_STANDING_ANYONE;
}

// Whether its connection waits in a listener's accept queue.
bool IsNotAccepted(const v1::BlockedCall& call) {
  return !call.evidence().empty() &&
         call.evidence(0).standing() == v1::PEER_STANDING_NOT_ACCEPTED;
}

void AddOfDeadlock(const v1::BlockedCall& call, std::vector<std::string>& to) {
  const std::string socket = SocketOf(call);
  if (IsSending(call)) {
    to.push_back(
        absl::StrCat("A thread for each socket: receive on ", socket,
                     " in another one, so that the peer's send can go on."));
    to.push_back(absl::StrCat(
        "Make ", socket,
        " non-blocking, and poll it for IN and OUT: read when there is "
        "something to read, send when there is room."));
  } else if (IsAccepting(call)) {
    to.push_back(absl::StrCat("Connect to ", socket, " from elsewhere."));
  } else {
    to.push_back(IsForAnyone(call)
                     ? absl::StrCat("Send to ", socket, " from elsewhere.")
                     : absl::StrCat("Send to ", socket, " from ", PeerOf(call),
                                    ", in another thread."));
    to.push_back(absl::StrCat(
        "Poll ", socket,
        " together with others instead: the caller could send first."));
  }
  to.push_back(absl::StrCat("Before the call, give ", socket,
                            " a timeout: it ends when that is over."));
}

// The socket whose bytes the network does not deliver.
std::string SenderOf(const v1::BlockedCall& call) {
  if (call.evidence().empty()) return SocketOf(call);
  const v1::Evidence& evidence = call.evidence(0);
  return evidence.state().send_queue() == 0 &&
                 evidence.peer_state().send_queue() > 0
             ? PeerOf(call)
             : SocketOf(call);
}

}  // namespace

std::vector<std::string> WaysOut(const v1::BlockedCall& call) {
  std::vector<std::string> ways;
  switch (call.reason()) {
    case v1::REASON_DEADLOCK:
      AddOfDeadlock(call, ways);
      break;
    case v1::REASON_PEER_IDLE:
      if (IsAccepting(call)) {
        ways.push_back(absl::StrCat("Connect to ", SocketOf(call), "."));
      } else if (IsForAnyone(call)) {
        ways.push_back(absl::StrCat("Send to ", SocketOf(call), "."));
      } else if (IsNotAccepted(call)) {
        ways.push_back(absl::StrCat("Accept on ", PeerOf(call),
                                    ", and send from what it gives."));
      } else {
        ways.push_back(absl::StrCat("Send from ", PeerOf(call),
                                    ", shut it down or close it."));
      }
      break;
    case v1::REASON_PEER_NOT_READING:
      ways.push_back(IsNotAccepted(call)
                         ? absl::StrCat("Accept on ", PeerOf(call),
                                        ", and receive on what it gives.")
                         : absl::StrCat("Receive on ", PeerOf(call), "."));
      ways.push_back(absl::StrCat("Raise SO_SNDBUF of ", SocketOf(call),
                                  ", if what is left fits into it."));
      break;
    case v1::REASON_NETWORK:
      ways.push_back(
          "Mend the way between the hosts: a link that is down, a route, a "
          "firewall that drops.");
      if (!IsAccepting(call)) {
        ways.push_back(absl::StrCat(
            "Set TCP_USER_TIMEOUT on ", SenderOf(call),
            ": without it the kernel tries for minutes before it gives up."));
      }
      break;
    case v1::REASON_BACKLOG_FULL:
      ways.push_back(absl::StrCat("Accept on ", PeerOf(call), "."));
      ways.push_back(absl::StrCat("Listen on ", PeerOf(call),
                                  " again with a larger backlog."));
      break;
    case v1::REASON_PEER_GONE:
      ways.push_back(
          absl::StrCat("Close ", SocketOf(call),
                       " and connect again: nobody is there to answer."));
      ways.push_back(
          absl::StrCat("Set SO_KEEPALIVE on ", SocketOf(call),
                       ", so that the kernel finds out by itself next time."));
      break;
    case v1::REASON_PEER_BUSY:
      ways.push_back("Wait, or look at what the other end's actor does.");
      break;
    default:
      ways.push_back(
          "Look at the other end, too, with a daemon on its host, or give its "
          "address as a hint.");
  }
  if (call.ended_by().empty() && call.reason() != v1::REASON_DEADLOCK) {
    ways.push_back(
        absl::StrCat("Before the call, give ", SocketOf(call), " a timeout."));
  }
  if (call.caller().operation_id() != 0) {
    ways.push_back(
        absl::StrCat("Cancel operation ", call.caller().operation_id(), " on ",
                     call.caller().host(), ": standoff cancel --host ",
                     call.caller().host(), " ", call.caller().operation_id()));
  }
  return ways;
}

}  // namespace standoff::client

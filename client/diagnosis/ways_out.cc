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
                       return evidence.reason() ==
                                  v1::REASON_PEER_NOT_READING ||
                              evidence.reason() == v1::REASON_BACKPRESSURE;
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

// Whether its connection waits at a listener.
bool IsNotAccepted(const v1::BlockedCall& call) {
  return !call.evidence().empty() &&
         (call.evidence(0).standing() == v1::PEER_STANDING_NOT_ACCEPTED ||
          call.evidence(0).standing() == v1::PEER_STANDING_INCOMPLETE);
}

bool IsUnixSocket(const v1::BlockedCall& call) {
  return !call.evidence().empty() &&
         call.evidence(0).state().family() == v1::FAMILY_UNIX;
}

// Whether a Unix datagram waits for room in the receiver's queue, not in the
// sender's buffer.
bool IsHeldByReceiver(const v1::BlockedCall& call) {
  return IsUnixSocket(call) &&
         call.evidence(0).state().type() == v1::SOCKET_TYPE_DATAGRAM &&
         call.wait_channel() != "sock_alloc_send_pskb";
}

// Whether a socket's SYN comes with its first send (TCP_FASTOPEN_CONNECT).
bool IsNotStarted(const v1::SocketDescription& socket) {
  return socket.tcp_info().state() == v1::TCP_STATE_SYN_SENT &&
         socket.tcp_info().has_segments_sent() &&
         socket.tcp_info().segments_sent() == 0;
}
bool IsNotStarted(const v1::BlockedCall& call) {
  return !call.evidence().empty() && IsNotStarted(call.evidence(0).state());
}

// Who is to act, as far as known.
std::string PartyOf(const v1::BlockedCall& call) {
  return call.evidence().empty() || call.evidence(0).parties().empty()
             ? "the other end"
             : call.evidence(0).parties(0).title();
}

// How to continue what is stopped.
std::string Continue(const v1::Party& party) {
  switch (party.activity()) {
    case v1::ACTIVITY_STOPPED:
      return absl::StrCat("Continue it: kill -CONT ", party.pid(), " on ",
                          party.host());
    case v1::ACTIVITY_TRACED:
      return absl::StrCat("Let the debugger or tracer of process ", party.pid(),
                          " on ", party.host(), " continue or detach.");
    default:
      return absl::StrCat("Thaw the control group of process ", party.pid(),
                          " on ", party.host(),
                          ": docker unpause, or 0 into its cgroup.freeze.");
  }
}

void AddOfStopped(const v1::BlockedCall& call, std::vector<std::string>& to) {
  const auto is_held = [](const v1::Party& party) {
    return party.activity() == v1::ACTIVITY_STOPPED ||
           party.activity() == v1::ACTIVITY_TRACED ||
           party.activity() == v1::ACTIVITY_FROZEN;
  };
  if (is_held(call.caller())) {
    to.push_back(Continue(call.caller()));
    return;
  }
  if (call.evidence().empty()) return;
  for (const v1::Party& party : call.evidence(0).parties()) {
    std::string way = Continue(party);
    if (is_held(party) && std::find(to.begin(), to.end(), way) == to.end()) {
      to.push_back(std::move(way));
    }
  }
}

void AddOfUnknown(const v1::BlockedCall& call, std::vector<std::string>& to) {
  const v1::PeerStanding standing = call.evidence().empty()
                                        ? v1::PEER_STANDING_UNSPECIFIED
                                        : call.evidence(0).standing();
  switch (standing) {
    case v1::PEER_STANDING_FOUND:
    case v1::PEER_STANDING_CLOSED:
      to.push_back("Look again: it may be about to go on.");
      break;
    case v1::PEER_STANDING_HIDDEN:
      to.push_back(
          "Look at other processes, too: standoffd --allow_processes, and "
          "standoff why --all-processes.");
      break;
    default:
      to.push_back(
          "Look at the other end, too, with a daemon on its host, or say in "
          "the hosts file (known_as) which host has that address.");
  }
}

void AddOfNotAccepted(const v1::BlockedCall& call,
                      std::vector<std::string>& to) {
  if (IsAccepting(call)) {
    to.push_back(
        "Send the first bytes from the client: with TCP_DEFER_ACCEPT they "
        "complete the connection.");
  } else if (call.evidence(0).standing() == v1::PEER_STANDING_INCOMPLETE) {
    to.push_back(absl::StrCat("Send on ", SocketOf(call),
                              " first: that completes the connection."));
  } else {
    to.push_back(
        absl::StrCat("Accept on ", PeerOf(call), ", and use what it gives."));
  }
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
  } else if (IsNotAccepted(call)) {
    AddOfNotAccepted(call, to);
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
    case v1::REASON_PEER_STOPPED:
      AddOfStopped(call, ways);
      break;
    case v1::REASON_NOT_ACCEPTED:
      AddOfNotAccepted(call, ways);
      break;
    case v1::REASON_PARTLY_FILLED:
      ways.push_back(absl::StrCat("Send the rest from ", PeerOf(call),
                                  ", shut it down or close it."));
      ways.push_back(
          "Ask for less: without MSG_WAITALL, with a smaller length, or with a "
          "lower SO_RCVLOWAT.");
      break;
    case v1::REASON_BACKPRESSURE:
      ways.push_back(absl::StrCat(
          "Read on ", SocketOf(call), " or on ", PeerOf(call),
          " also while there is something to send: one of them is enough."));
      break;
    case v1::REASON_PEER_IDLE:
      if (IsNotStarted(call)) {
        ways.push_back(
            absl::StrCat("Send on ", SocketOf(call), ": that sends the SYN."));
      } else if (IsAccepting(call)) {
        ways.push_back(absl::StrCat("Connect to ", SocketOf(call), "."));
      } else if (IsForAnyone(call)) {
        ways.push_back(absl::StrCat("Send to ", SocketOf(call), "."));
      } else {
        ways.push_back(absl::StrCat("Send from ", PeerOf(call),
                                    ", shut it down or close it."));
      }
      break;
    case v1::REASON_PEER_NOT_READING:
      ways.push_back(absl::StrCat("Receive on ", PeerOf(call), "."));
      ways.push_back(
          IsHeldByReceiver(call)
              ? "Raise net.unix.max_dgram_qlen before the receiver's socket is "
                "made."
              : absl::StrCat("Raise SO_SNDBUF of ", SocketOf(call),
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
      if (!IsUnixSocket(call)) {
        ways.push_back(absl::StrCat(
            "Set SO_KEEPALIVE on ", SocketOf(call),
            ", so that the kernel finds out by itself next time."));
      }
      break;
    case v1::REASON_PEER_BUSY:
      ways.push_back(absl::StrCat("Wait, or find out why ", PartyOf(call),
                                  " does not go on."));
      break;
    default:
      AddOfUnknown(call, ways);
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

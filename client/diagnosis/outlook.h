// What could end each blocked call.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_OUTLOOK_H_
#define STANDOFF_CLIENT_DIAGNOSIS_OUTLOOK_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/diagnosis/peer.h"
#include "client/diagnosis/world.h"

namespace standoff::client {

// The most parties of a wait that are told apart. Each of as many calls on one
// socket has as many.
inline constexpr size_t kMaxPartiesOfWait = 64;

// What could end a wait on one socket.
struct WaitOutlook {
  Wait wait;
  // Of a wait whose socket is known.
  Peer peer;
  // Who could act: indices in World::callers, each once. Those of the other
  // end, and others who use this end, who could shut it down. Without the
  // waiting caller itself, unless it is at the other end, too.
  std::vector<size_t> parties;
  // How many of them, the first ones, have the other end: see AtPeer().
  size_t parties_of_peer = 0;
  // How many more there are, those that are among `parties` counted, too. Then
  // it may end: nobody looks at what they do.
  size_t parties_left_out = 0;
  // Anybody could, known or not: `parties` are only those who have a socket to
  // do it with. Without any, it may end: then it is the script's turn.
  bool is_for_anyone = false;
  // It could end though nobody acts: bytes are under way, or what is at the
  // other end is not known.
  bool may_end = false;
  // One of the sockets that are connecting to the listener that it waits on: an
  // index in World::endpoints.
  std::optional<size_t> connecting;

  // Those of `parties` who have the other end. Of a wait that is not for
  // anyone.
  std::vector<size_t> AtPeer() const {
    return {parties.begin(),
            parties.begin() + static_cast<ptrdiff_t>(parties_of_peer)};
  }
};

// What could end a call.
struct Outlook {
  std::vector<WaitOutlook> waits;
  // What ends it by itself, as BlockedCall.ended_by, and in how long.
  std::string ended_by;
  std::optional<absl::Duration> ends_in;
  // Whether it could end though nobody acts on a known socket: it has a
  // timeout, its script can act, or one of the waits may end.
  bool may_end = false;
};

// Of each of World::calls.
std::vector<Outlook> FindOutlooks(const World& world);

// Whether bytes that would end a receive are there already: then it is about to
// go on, and waits for nobody. By SO_RCVLOWAT, MSG_WAITALL and SO_PEEK_OFF;
// what was there before an edge-triggered wait does not end it.
bool IsReady(const v1::SocketDescription& state, const ReceiveWait& receive);

// Whether the peer's window is shut: nothing more can be sent before it reads.
bool IsWindowShut(const v1::SocketDescription& state);
// Whether segments of a TCP socket are sent and not acknowledged.
bool AwaitsAcknowledgement(const v1::SocketDescription& state);
// Whether the network loses what a TCP socket sends, as far as that can be
// told: while the peer's window was open, segments were sent again and not
// acknowledged, or keepalive probes were not answered; or probes of a shut
// window are not.
bool LosesSegments(const v1::SocketDescription& state);
// Whether what a TCP socket has in its send queue can't leave before its peer
// reads. `peer` as below.
bool IsHeldBack(const v1::SocketDescription& state,
                const v1::SocketDescription* peer);
// Whether what is sent and not acknowledged can't be taken before the peer
// reads: the peer shut its window after that was sent, as the receiver's end
// tells, too, and still answers what is sent again. A TCP should not shrink its
// window so (RFC 9293, section 3.8.6); one of MPTCP does, since the window is
// that of all its connections (RFC 8684, section 3.3.4). `peer` is the other
// end, nullptr if it is not known.
bool IsHeldByWindow(const v1::SocketDescription& state,
                    const v1::SocketDescription* peer);
// Whether the peer of a shut window no longer answers probes.
bool ProbesUnanswered(const v1::SocketDescription& state);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_OUTLOOK_H_

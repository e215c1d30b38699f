// Facts of sessions' sockets that only sock_diag(7) tells.

#ifndef STANDOFF_SERVER_ACTIONS_DIAG_FACTS_H_
#define STANDOFF_SERVER_ACTIONS_DIAG_FACTS_H_

#include "absl/types/span.h"
#include "standoff/v1/socket.pb.h"

namespace standoff {

enum class PeerInodes { kLeaveOut, kFillIn };

// Fills in the peer address of TCP sockets that are connecting, the accept
// queue of Unix listeners and, if wanted, the peer inode of connected Unix
// sockets, and whether the peer has one. Each kind costs one dump for all of
// them, which takes the longer the more such sockets the whole host has, and
// nothing if there is none among `sockets`. What the kernel does not tell stays
// unset.
void AddDiagFacts(absl::Span<v1::SocketDescription* const> sockets,
                  PeerInodes peer_inodes);

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_DIAG_FACTS_H_

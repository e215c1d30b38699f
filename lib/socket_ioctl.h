// What ioctl(2) tells of a socket: its queues and its out-of-band mark, with
// the kernel's errno where it tells nothing.

#ifndef STANDOFF_LIB_SOCKET_IOCTL_H_
#define STANDOFF_LIB_SOCKET_IOCTL_H_

#include <cstdint>

#include "lib/outcome.h"
#include "lib/socket.h"

namespace standoff {

// Bytes in the receive queue (SIOCINQ: tcp(7), udp(7), unix(7)); of a datagram
// socket, those of the first datagram. EINVAL of a listener.
Result<int64_t> AskReceiveQueue(const Socket& socket);

// Bytes in the send queue (SIOCOUTQ: tcp(7), unix(7)): on TCP, those not
// acknowledged, sent or not. EINVAL of a listener.
Result<int64_t> AskSendQueue(const Socket& socket);

// Whether the next byte to receive follows the out-of-band mark (SIOCATMARK:
// sockatmark(3)). Where there are no out-of-band data, what the kernel says of
// an ioctl that it does not know.
Result<bool> AskIsAtMark(const Socket& socket);

}  // namespace standoff

#endif  // STANDOFF_LIB_SOCKET_IOCTL_H_

// Several messages in one system call: sendmmsg(2), recvmmsg(2).
//
// Both follow the socket's mode (lib/socket.h); with a timeout they wait until
// the socket is ready for one message and then move what they can at once.
// MSG_NOSIGNAL is added, as in lib/transfer.h.

#ifndef STANDOFF_LIB_BATCH_H_
#define STANDOFF_LIB_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/address.h"
#include "lib/control_message.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/transfer.h"

namespace standoff {

// What the kernel takes in one call (UIO_MAXIOV).
inline constexpr size_t kMaxBatch = 1024;

struct BatchMessage {
  absl::string_view data = {};
  // Empty: the peer.
  Address destination = {};
  absl::Span<const ControlMessage> control_messages = {};
};

// Sends `messages`, at most kMaxBatch, with MSG_ `flags`. The outcome's value
// is how many were sent, which may be fewer: the kernel drops the error of any
// but the first. The result has, of each that was sent, how many bytes the
// kernel took.
Result<std::vector<int64_t>> SendBatch(Socket& socket,
                                       absl::Span<const BatchMessage> messages,
                                       int flags,
                                       Interruption* interruption = nullptr);

struct BatchReceived {
  // What the kernel returned for it (msg_len): more than `message.size` for a
  // longer datagram with MSG_TRUNC.
  int64_t value = 0;
  Received message;
};

// Receives at most `count` messages (no more than kMaxBatch), each into its
// part of `buffer`, the i-th `length` bytes, of which there are `count`. The
// outcome's value is how many came. A blocking call waits for all of them,
// unless MSG_WAITFORONE is among the flags. `options.at_once` has no effect.
Result<std::vector<BatchReceived>> ReceiveBatch(
    Socket& socket, absl::Span<char> buffer, size_t count, size_t length,
    const ReceiveOptions& options = {}, Interruption* interruption = nullptr);

}  // namespace standoff

#endif  // STANDOFF_LIB_BATCH_H_

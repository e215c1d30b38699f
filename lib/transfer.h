// Sending and receiving: send(2), sendto(2), sendmsg(2), recv(2), recvmsg(2).
//
// All of them follow the socket's mode (lib/socket.h), raise no SIGPIPE
// (MSG_NOSIGNAL is added) and are reported under the name of the system call
// that was really made: sendto or sendmsg, recvfrom or recvmsg.

#ifndef STANDOFF_LIB_TRANSFER_H_
#define STANDOFF_LIB_TRANSFER_H_

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
#include "lib/pattern.h"
#include "lib/socket.h"

namespace standoff {

struct SendOptions {
  // MSG_ flags.
  int flags = 0;
  // Whatever the socket's mode, don't wait: kWouldBlock instead.
  bool at_once = false;
  // Where to, on a socket that is not connected. Empty: the peer.
  Address destination = {};
  absl::Span<const ControlMessage> control_messages = {};
};

// Sends once. The outcome's value is how many bytes the kernel took, which may
// be fewer than `data` has. Errors are those of send(2); of a stream whose peer
// is gone, EPIPE or ECONNRESET.
Outcome Send(Socket& socket, absl::string_view data,
             const SendOptions& options = {},
             Interruption* interruption = nullptr);

// Sends until all of `data` is sent, within one timeout for all, as CPython's
// `sendall`. The outcome's value is how much was sent, also if the call ended
// otherwise; -1 if nothing was, then. Control messages go with the first part.
Outcome SendAll(Socket& socket, absl::string_view data,
                const SendOptions& options = {},
                Interruption* interruption = nullptr);

// SendAll of `length` bytes of a pattern, made piece by piece on the way. On a
// socket that keeps message boundaries, one message; one that is too long for
// any socket is refused by the kernel (EMSGSIZE) without being made whole.
// `length` is in bytes. ENOMEM, without a system call, if there is no memory
// for a piece: 256 KiB (1 MiB once 64 MiB have been sent, if there is memory),
// or the whole message.
Outcome SendPattern(Socket& socket, Pattern pattern, uint64_t length,
                    const SendOptions& options = {},
                    Interruption* interruption = nullptr);

struct ReceiveOptions {
  // MSG_ flags.
  int flags = 0;
  // Whatever the socket's mode, don't wait: kWouldBlock instead.
  bool at_once = false;
  // Room for control messages in bytes, as msg_controllen: with 0, the flag
  // MSG_CTRUNC tells of any that came. More than 64 KiB, which no message
  // needs, counts as 64 KiB. nullopt: whoever calls does not care.
  std::optional<size_t> control_size = std::nullopt;
};

struct Received {
  // How many bytes of the buffer were filled.
  size_t size = 0;
  // The sender's address; empty if the kernel does not say.
  Address source;
  // The msg_flags of recvmsg(2): MSG_TRUNC, MSG_CTRUNC, MSG_EOR, …; of several
  // messages, those of any. 0 if recvfrom(2) was called, which has none: on a
  // stream without room for control messages.
  int flags = 0;
  std::vector<ControlMessage> control_messages;
  // What came with each SCM_RIGHTS among them, in their order.
  std::vector<PassedSockets> passed;
};

// Receives once into `buffer`. The outcome's value is what the kernel
// returned (recv(2)), in bytes: 0 at the end of a stream, for an empty datagram
// and for an empty buffer; more than the buffer's size for a longer datagram
// with MSG_TRUNC.
Result<Received> Receive(Socket& socket, absl::Span<char> buffer,
                         const ReceiveOptions& options = {},
                         Interruption* interruption = nullptr);

// Receives until `buffer` is full or the stream has ended (or an empty message
// came), within one timeout for all. What was received is in the result
// whatever the outcome, whose value is its size, or -1 if there is none and the
// call did not return. Not for MSG_PEEK, which would see the same bytes again
// and again.
Result<Received> ReceiveAll(Socket& socket, absl::Span<char> buffer,
                            const ReceiveOptions& options = {},
                            Interruption* interruption = nullptr);

struct Verified {
  // How many bytes were received.
  uint64_t size = 0;
  // The first that is not what the pattern says; nullopt if none.
  std::optional<PatternMismatch> mismatch;
};

// Receives and compares with a pattern, without keeping what was received. If
// `all`, goes on as ReceiveAll until `length` bytes were received; otherwise
// receives once, at most `length` bytes, and of a stream at most 256 KiB. What
// was received counts in the result whatever the outcome. ENOMEM, without a
// system call, if there is no memory to receive into.
Result<Verified> ReceivePattern(Socket& socket, Pattern pattern,
                                uint64_t length, bool all,
                                const ReceiveOptions& options = {},
                                Interruption* interruption = nullptr);

}  // namespace standoff

#endif  // STANDOFF_LIB_TRANSFER_H_

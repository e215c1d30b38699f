// The buffers behind a msghdr of recvmsg(2) or recvmmsg(2). For implementing
// receives.

#ifndef STANDOFF_LIB_INCOMING_MESSAGE_H_
#define STANDOFF_LIB_INCOMING_MESSAGE_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <string>

#include "absl/types/span.h"
#include "lib/address.h"
#include "lib/socket.h"
#include "lib/transfer.h"

namespace standoff {

// What to poll for so that a receive with MSG_ `flags` does not block. As in
// CPython, one of out-of-band data waits for POLLIN, too, which they alone do
// not raise.
short ReceiveEvents(int flags);

// Must stay where it is while the kernel has its header.
class IncomingMessage {
 public:
  // Into `buffer`, with the room for control messages that `options` say.
  IncomingMessage(const Socket& socket, absl::Span<char> buffer,
                  const ReceiveOptions& options);

  // To be added to a receive's flags: descriptors that come along must not
  // reach a program started just now.
  int extra_flags() const { return close_descriptors_; }
  // Makes `header` ready for a system call.
  void Prepare(msghdr& header);
  // Adds what the kernel left in `header` to `received`, but for the size.
  void TakeFrom(msghdr& header, Received& received);

 private:
  const int close_descriptors_;
  Address source_;
  std::string control_;
  iovec vector_;
};

}  // namespace standoff

#endif  // STANDOFF_LIB_INCOMING_MESSAGE_H_

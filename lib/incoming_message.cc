#include "lib/incoming_message.h"

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "lib/control_message.h"

namespace standoff {
namespace {

// More than the kernel has for one message: its longest are IP options and 253
// descriptors.
constexpr size_t kMaxControlSize = 64 * 1024;

}  // namespace

short ReceiveEvents(int flags) {
  // POLLERR is always reported.
  return (flags & MSG_ERRQUEUE) != 0 ? short{0} : short{POLLIN};
}

IncomingMessage::IncomingMessage(const Socket& socket, absl::Span<char> buffer,
                                 const ReceiveOptions& options)
    // Descriptors come over Unix sockets only, and packet(7) refuses the flag.
    : close_descriptors_(socket.family() == AF_UNIX ? MSG_CMSG_CLOEXEC : 0),
      control_(std::min(options.control_size.value_or(0), kMaxControlSize),
               '\0'),
      vector_{.iov_base = buffer.data(), .iov_len = buffer.size()} {}

void IncomingMessage::Prepare(msghdr& header) {
  header.msg_name = source_.mutable_data();
  header.msg_namelen = Address::kCapacity;
  header.msg_iov = &vector_;
  header.msg_iovlen = 1;
  header.msg_control = control_.data();
  header.msg_controllen = control_.size();
}

void IncomingMessage::TakeFrom(msghdr& header, Received& received) {
  source_.set_size(header.msg_namelen);
  if (received.source.empty()) received.source = source_;
  received.flags |= header.msg_flags & ~close_descriptors_;
  DecodedControlMessages decoded = DecodeControlMessages(header);
  std::move(decoded.messages.begin(), decoded.messages.end(),
            std::back_inserter(received.control_messages));
  std::move(decoded.passed.begin(), decoded.passed.end(),
            std::back_inserter(received.passed));
}

}  // namespace standoff

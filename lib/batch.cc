#include "lib/batch.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <utility>

#include "lib/call.h"
#include "lib/incoming_message.h"

namespace standoff {
namespace {

// A wait that a signal ended after some messages had come leaves an error for
// the next call on the socket (recvmmsg(2)), and not even one that errno(3)
// knows: the kernel's own ERESTARTSYS. If the signal was the interruption's, it
// was not the socket's to report: SO_ERROR takes it away.
void TakeBackInterruption(const Socket& socket) {
  int unused = 0;
  socklen_t size = sizeof unused;
  getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &unused, &size);
}

}  // namespace

Result<std::vector<int64_t>> SendBatch(Socket& socket,
                                       absl::Span<const BatchMessage> messages,
                                       int flags, Interruption* interruption) {
  // Its buffers must stay where they are.
  std::vector<Address> destinations(messages.size());
  std::vector<std::string> control(messages.size());
  std::vector<iovec> vectors(messages.size());
  std::vector<mmsghdr> headers(messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    const BatchMessage& message = messages[i];
    msghdr& header = headers[i].msg_hdr;
    if (!message.destination.empty()) {
      destinations[i] = message.destination;
      header.msg_name = destinations[i].mutable_data();
      header.msg_namelen = destinations[i].size();
    }
    vectors[i] = {.iov_base = const_cast<char*>(message.data.data()),
                  .iov_len = message.data.size()};
    header.msg_iov = &vectors[i];
    header.msg_iovlen = 1;
    control[i] = EncodeControlMessages(message.control_messages);
    if (control[i].empty()) continue;
    header.msg_control = control[i].data();
    header.msg_controllen = control[i].size();
  }
  Call call(socket.timeout(), interruption);
  const bool ok = call.Wait("sendmmsg", socket.fd(), POLLOUT, [&] {
    return sendmmsg(socket.fd(), headers.data(),
                    static_cast<unsigned>(headers.size()),
                    flags | MSG_NOSIGNAL | call.DontWaitFlag());
  });
  Result<std::vector<int64_t>> result{call.Finish(), {}};
  if (!ok) return result;
  const auto sent = static_cast<size_t>(result.outcome.value);
  for (size_t i = 0; i < sent; ++i) {
    result.value.push_back(headers[i].msg_len);
  }
  return result;
}

Result<std::vector<BatchReceived>> ReceiveBatch(Socket& socket,
                                                absl::Span<char> buffer,
                                                size_t count, size_t length,
                                                const ReceiveOptions& options,
                                                Interruption* interruption) {
  std::deque<IncomingMessage> messages;
  std::vector<mmsghdr> headers(count);
  for (size_t i = 0; i < count; ++i) {
    messages.emplace_back(socket, buffer.subspan(i * length, length), options);
  }
  Call call(socket.timeout(), interruption);
  const int flags = options.flags | call.DontWaitFlag() |
                    (messages.empty() ? 0 : messages.front().extra_flags());
  const bool ok =
      call.Wait("recvmmsg", socket.fd(), ReceiveEvents(options.flags), [&] {
        for (size_t i = 0; i < count; ++i) {
          messages[i].Prepare(headers[i].msg_hdr);
        }
        return recvmmsg(socket.fd(), headers.data(),
                        static_cast<unsigned>(count), flags, nullptr);
      });
  Result<std::vector<BatchReceived>> result{call.Finish(), {}};
  if (!ok) return result;
  const auto received = static_cast<size_t>(result.outcome.value);
  for (size_t i = 0; i < received; ++i) {
    BatchReceived& message = result.value.emplace_back();
    message.value = headers[i].msg_len;
    message.message.size = std::min<size_t>(headers[i].msg_len, length);
    messages[i].TakeFrom(headers[i].msg_hdr, message.message);
  }
  const bool waited_for_all = !socket.timeout().has_value() &&
                              (flags & (MSG_WAITFORONE | MSG_DONTWAIT)) == 0;
  if (waited_for_all && received < count && interruption != nullptr &&
      interruption->requested()) {
    TakeBackInterruption(socket);
  }
  return result;
}

}  // namespace standoff

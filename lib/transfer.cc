#include "lib/transfer.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "lib/call.h"
#include "lib/incoming_message.h"

namespace standoff {
namespace {

// Enough that its system calls cost little beside the copying, and little
// enough for thousands of transfers that wait.
constexpr uint64_t kPieceSize = 256 * 1024;

// Once so much was moved, the transfer is one for throughput. Then pieces are
// as long as the cache allows: each costs a system call and often a wake-up. It
// keeps that memory if it has to wait later, which few at a time come to.
constexpr uint64_t kLongTransfer = 64 * 1024 * 1024;
constexpr uint64_t kLongPieceSize = 1024 * 1024;

// No message is longer: UDP's length has 16 bits, and a Unix one has to fit in
// what the kernel can allocate in one piece (kmalloc, 4 MiB) and a few pages.
constexpr uint64_t kMaxMessageSize = 8 * 1024 * 1024;

// What is held in memory of a pattern of `length` bytes. On a socket that keeps
// message boundaries, all of a message; of one that no socket takes, enough for
// the kernel to say so.
class Piece {
 public:
  Piece(const Socket& socket, uint64_t length)
      : length_(length),
        grows_(socket.type() == SOCK_STREAM && length > kLongTransfer) {
    const bool stream = socket.type() == SOCK_STREAM;
    Allocate(std::min(length, stream ? kPieceSize : kMaxMessageSize + 1));
  }

  // Null if there is no memory.
  const char* data() const { return memory_.get(); }

  // The next one, after `moved` bytes; not more than are left.
  absl::Span<char> After(uint64_t moved) {
    if (grows_ && moved >= kLongTransfer) {
      grows_ = false;
      Allocate(kLongPieceSize);
    }
    return absl::MakeSpan(memory_.get(), std::min(size_, length_ - moved));
  }

 private:
  // Keeps what there is if there is no memory. Not a vector: what is not used
  // is not touched.
  void Allocate(uint64_t size) {
    std::unique_ptr<char[]> memory(new (std::nothrow) char[size]);
    if (memory == nullptr) return;
    memory_ = std::move(memory);
    size_ = size;
  }

  const uint64_t length_;
  bool grows_;
  uint64_t size_ = 0;
  std::unique_ptr<char[]> memory_;
};

// One message to send: the buffers behind its msghdr.
class OutgoingMessage {
 public:
  explicit OutgoingMessage(const SendOptions& options)
      : flags_(options.flags | MSG_NOSIGNAL |
               (options.at_once ? MSG_DONTWAIT : 0)),
        destination_(options.destination),
        control_(EncodeControlMessages(options.control_messages)),
        has_control_(!options.control_messages.empty()) {}

  // Sends from `data`, once, in the socket's mode.
  bool Send(Call& call, int fd, absl::string_view data) {
    const int flags = flags_ | call.DontWaitFlag();
    if (!has_control_) {
      const sockaddr* to = destination_.empty() ? nullptr : destination_.data();
      return call.Wait("sendto", fd, POLLOUT, [&] {
        return sendto(fd, data.data(), data.size(), flags, to,
                      destination_.size());
      });
    }
    iovec buffer = {.iov_base = const_cast<char*>(data.data()),
                    .iov_len = data.size()};
    msghdr header = {};
    if (!destination_.empty()) {
      header.msg_name = destination_.mutable_data();
      header.msg_namelen = destination_.size();
    }
    header.msg_iov = &buffer;
    header.msg_iovlen = 1;
    header.msg_control = control_.data();
    header.msg_controllen = control_.size();
    const bool ok = call.Wait("sendmsg", fd, POLLOUT,
                              [&] { return sendmsg(fd, &header, flags); });
    if (ok) has_control_ = false;
    return ok;
  }

 private:
  const int flags_;
  Address destination_;
  std::string control_;
  bool has_control_;
};

template <typename Options>
Call Begin(const Socket& socket, const Options& options,
           Interruption* interruption) {
  return options.at_once ? Call::AtOnce(socket.timeout(), interruption)
                         : Call(socket.timeout(), interruption);
}

// Tells those who look on how far the call has come.
void Report(Interruption* interruption, uint64_t moved) {
  if (interruption != nullptr) interruption->progress().SetMoved(moved);
}

// The outcome of a call that moved `size` bytes in all.
Outcome FinishTransfer(Call& call, uint64_t size) {
  if (call.outcome().ok() || size > 0) {
    return call.Finish(static_cast<int64_t>(size));
  }
  return call.Finish(-1);
}

// recvfrom can't tell flags and control messages. They don't matter on a plain
// stream; there the shorter call is the one that programs make.
bool NeedsMessage(const Socket& socket, const ReceiveOptions& options) {
  return socket.type() != SOCK_STREAM || options.control_size.has_value();
}

bool ReceiveOnce(Call& call, const Socket& socket, absl::Span<char> buffer,
                 const ReceiveOptions& options, Received& received) {
  const int fd = socket.fd();
  const int flags = options.flags | call.DontWaitFlag() |
                    (options.at_once ? MSG_DONTWAIT : 0);
  const short events = ReceiveEvents(options.flags);
  if (!NeedsMessage(socket, options)) {
    Address source;
    socklen_t source_size = 0;
    const bool ok = call.Wait("recvfrom", fd, events, [&] {
      source_size = Address::kCapacity;
      return recvfrom(fd, buffer.data(), buffer.size(), flags,
                      source.mutable_data(), &source_size);
    });
    if (ok && received.source.empty()) {
      source.set_size(source_size);
      received.source = source;
    }
  } else {
    IncomingMessage message(socket, buffer, options);
    msghdr header = {};
    const bool ok = call.Wait("recvmsg", fd, events, [&] {
      message.Prepare(header);
      return recvmsg(fd, &header, flags | message.extra_flags());
    });
    if (ok) message.TakeFrom(header, received);
  }
  return call.outcome().ok();
}

}  // namespace

Outcome Send(Socket& socket, absl::string_view data, const SendOptions& options,
             Interruption* interruption) {
  Call call = Begin(socket, options, interruption);
  OutgoingMessage(options).Send(call, socket.fd(), data);
  return call.Finish();
}

Outcome SendAll(Socket& socket, absl::string_view data,
                const SendOptions& options, Interruption* interruption) {
  Call call = Begin(socket, options, interruption);
  OutgoingMessage message(options);
  size_t sent = 0;
  do {
    Report(interruption, sent);
    if (!message.Send(call, socket.fd(), data.substr(sent))) break;
    sent += static_cast<size_t>(call.outcome().value);
  } while (sent < data.size());
  return FinishTransfer(call, sent);
}

Outcome SendPattern(Socket& socket, Pattern pattern, uint64_t length,
                    const SendOptions& options, Interruption* interruption) {
  Call call = Begin(socket, options, interruption);
  OutgoingMessage message(options);
  Piece piece(socket, length);
  if (piece.data() == nullptr) {
    call.Fail("", ENOMEM);
    return call.Finish();
  }
  uint64_t sent = 0;
  bool ok = true;
  do {
    const absl::Span<char> next = piece.After(sent);
    FillPattern(pattern.After(sent), next);
    absl::string_view rest(next.data(), next.size());
    do {
      Report(interruption, sent);
      ok = message.Send(call, socket.fd(), rest);
      if (!ok) break;
      const auto taken = static_cast<size_t>(call.outcome().value);
      sent += taken;
      rest.remove_prefix(taken);
    } while (!rest.empty());
  } while (ok && sent < length);
  return FinishTransfer(call, sent);
}

Result<Received> Receive(Socket& socket, absl::Span<char> buffer,
                         const ReceiveOptions& options,
                         Interruption* interruption) {
  Call call = Begin(socket, options, interruption);
  Result<Received> result;
  if (ReceiveOnce(call, socket, buffer, options, result.value)) {
    result.value.size =
        std::min(buffer.size(), static_cast<size_t>(call.outcome().value));
  }
  result.outcome = call.Finish();
  return result;
}

Result<Received> ReceiveAll(Socket& socket, absl::Span<char> buffer,
                            const ReceiveOptions& options,
                            Interruption* interruption) {
  Call call = Begin(socket, options, interruption);
  Result<Received> result;
  size_t& size = result.value.size;
  do {
    Report(interruption, size);
    if (!ReceiveOnce(call, socket, buffer.subspan(size), options,
                     result.value)) {
      break;
    }
    const auto value = static_cast<size_t>(call.outcome().value);
    if (value == 0) break;
    size += std::min(buffer.size() - size, value);
  } while (size < buffer.size());
  result.outcome = FinishTransfer(call, size);
  return result;
}

Result<Verified> ReceivePattern(Socket& socket, Pattern pattern,
                                uint64_t length, bool all,
                                const ReceiveOptions& options,
                                Interruption* interruption) {
  Call call = Begin(socket, options, interruption);
  Result<Verified> result;
  Piece piece(socket, length);
  if (piece.data() == nullptr) {
    call.Fail("", ENOMEM);
    result.outcome = call.Finish();
    return result;
  }
  uint64_t& size = result.value.size;
  do {
    if (all) Report(interruption, size);
    const absl::Span<char> room = piece.After(size);
    Received received;
    if (!ReceiveOnce(call, socket, room, options, received)) break;
    const size_t filled =
        std::min(room.size(), static_cast<size_t>(call.outcome().value));
    if (filled == 0) break;
    if (!result.value.mismatch.has_value()) {
      auto& mismatch = result.value.mismatch;
      mismatch = FindMismatch(pattern.After(size),
                              absl::string_view(room.data(), filled));
      if (mismatch.has_value()) mismatch->position += size;
    }
    size += filled;
  } while (all && size < length);
  result.outcome = FinishTransfer(call, size);
  return result;
}

}  // namespace standoff

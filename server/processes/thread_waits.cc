#include "server/processes/thread_waits.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/processes/socket_calls.h"

namespace standoff {
namespace {

// What select(2) calls readable, writable and exceptional (POLLIN_SET, …).
constexpr uint32_t kSelectEvents[] = {POLLIN, POLLOUT, POLLPRI};

// Flags among the events that are none; with nothing else, the entry is
// disabled (EPOLLONESHOT).
constexpr uint32_t kEpollFlags =
    EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;
// The longest line that the kernel writes for one (ep_show_fdinfo).
constexpr size_t kInterestSize = 128;

// The longest that google.protobuf.Duration has, in seconds.
constexpr int64_t kLongest = 315'576'000'000;

// The device of all sockets' inodes, with the kernel's numbers, which are not
// those of stat(2).
uint64_t SocketDevice() {
  static const uint64_t device = [] {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat status = {};
    fstat(fd, &status);
    close(fd);
    return uint64_t{major(status.st_dev)} << 20 | minor(status.st_dev);
  }();
  return device;
}

// Reads one call.
class Reader {
 public:
  Reader(const ProcFolder& thread, const SyscallFile& call, size_t limit)
      : thread_(thread), call_(call), limit_(limit) {}

  ThreadWaits Read() {
    switch (WaitFormOf(call_.number)) {
      case WaitForm::kNone:
        break;
      case WaitForm::kReceive:
        AddOnly(POLLIN);
        break;
      case WaitForm::kSend:
        AddOnly(POLLOUT);
        break;
      case WaitForm::kRead:
        AddReceive(call_.arguments[2], 0);
        break;
      case WaitForm::kReadv:
        AddReceive(LengthOf(Pointer(1), call_.arguments[2]), 0);
        break;
      case WaitForm::kRecvfrom:
        AddReceive(call_.arguments[2], Int(3));
        break;
      case WaitForm::kRecvmsg:
        AddReceive(MessageLength(), Int(2));
        break;
      case WaitForm::kRecvmmsg:
        // It waits for the first of several messages.
        AddReceive(0, Int(3));
        break;
      case WaitForm::kPoll:
        AddPoll();
        SetMilliseconds(2);
        break;
      case WaitForm::kPpoll:
        AddPoll();
        SetTime(2, absl::Nanoseconds(1));
        break;
      case WaitForm::kSelect:
        AddSelect();
        SetTime(4, absl::Microseconds(1));
        break;
      case WaitForm::kPselect:
        AddSelect();
        SetTime(4, absl::Nanoseconds(1));
        break;
      case WaitForm::kEpoll:
        AddEpoll();
        SetMilliseconds(3);
        break;
      case WaitForm::kEpollPwait2:
        AddEpoll();
        SetTime(3, absl::Nanoseconds(1));
        break;
      case WaitForm::kUnknown:
        waits_.more = true;
        break;
    }
    return std::move(waits_);
  }

 private:
  int Int(size_t argument) const {
    return static_cast<int>(call_.arguments[argument]);
  }
  uint64_t Pointer(size_t argument) const { return call_.arguments[argument]; }

  std::optional<std::string> LinkOf(int fd) const {
    return thread_.ReadLink(absl::StrCat("fd/", fd).c_str());
  }

  // Copies an array from the process' memory.
  template <typename T>
  bool Copy(uint64_t address, absl::Span<T> values) const {
    // What is beyond is not a process'.
    if (address > static_cast<uint64_t>(LLONG_MAX)) return false;
    return thread_.ReadAt(
        "mem", address,
        {reinterpret_cast<char*>(values.data()), values.size() * sizeof(T)});
  }

  // The only thing that the call waits on: if that is no socket, it is no call
  // on sockets.
  SocketWait* AddOnly(uint32_t events) {
    const std::optional<std::string> link = LinkOf(Int(0));
    if (!link.has_value()) {
      waits_.more = true;
      return nullptr;
    }
    const std::optional<uint64_t> inode = SocketInode(*link);
    if (!inode.has_value()) return nullptr;
    SocketWait& wait = waits_.sockets[*inode];
    wait.events = events;
    return &wait;
  }

  void AddReceive(uint64_t length, int flags) {
    SocketWait* const wait = AddOnly(POLLIN);
    if (wait == nullptr) return;
    wait->length = length;
    wait->flags = flags;
  }

  // Of all buffers; 0 if they can't be read, or are many.
  uint64_t LengthOf(uint64_t address, uint64_t count) const {
    constexpr uint64_t kMaxBuffers = 64;
    if (count > kMaxBuffers) return 0;
    std::vector<iovec> buffers(count);
    uint64_t length = 0;
    if (!Copy(address, absl::MakeSpan(buffers))) return 0;
    for (const iovec& buffer : buffers) length += buffer.iov_len;
    return length;
  }

  uint64_t MessageLength() const {
    msghdr message[1] = {};
    if (!Copy(Pointer(1), absl::MakeSpan(message))) return 0;
    return LengthOf(reinterpret_cast<uintptr_t>(message[0].msg_iov),
                    message[0].msg_iovlen);
  }

  // One of several.
  void Add(int fd, uint32_t events) {
    if (limit_ == 0) {
      waits_.more = true;
      return;
    }
    --limit_;
    const std::optional<std::string> link = LinkOf(fd);
    const std::optional<uint64_t> inode =
        link.has_value() ? SocketInode(*link) : std::nullopt;
    if (inode.has_value()) {
      AddEvents(*inode, events);
    } else {
      waits_.more = true;
    }
  }

  void AddEvents(uint64_t inode, uint32_t events) {
    const auto [entry, is_new] = waits_.sockets.try_emplace(inode);
    SocketWait& wait = entry->second;
    // Of several entries for one socket, each wakes the call.
    wait.edge_triggered =
        (is_new || wait.edge_triggered) && (events & EPOLLET) != 0;
    wait.events |= events & ~kEpollFlags;
  }

  void AddPoll() {
    waits_.polls = true;
    const uint64_t count = call_.arguments[1];
    std::vector<pollfd> items(std::min<uint64_t>(count, limit_));
    if (items.size() < count) waits_.more = true;
    if (!Copy(Pointer(0), absl::MakeSpan(items))) {
      waits_.more = true;
      return;
    }
    for (const pollfd& item : items) {
      if (item.fd < 0) continue;
      Add(item.fd, static_cast<uint16_t>(item.events));
    }
  }

  void AddSelect() {
    waits_.polls = true;
    using Word = uint64_t;
    constexpr size_t kBits = sizeof(Word) * CHAR_BIT;
    const auto count = static_cast<size_t>(std::max(Int(0), 0));
    const size_t size = std::min(count, limit_);
    if (size < count) waits_.more = true;
    std::vector<uint32_t> events(size);
    for (size_t set = 0; set < 3; ++set) {
      const uint64_t address = Pointer(1 + set);
      if (address == 0) continue;
      std::vector<Word> words((size + kBits - 1) / kBits);
      if (!Copy(address, absl::MakeSpan(words))) {
        waits_.more = true;
        continue;
      }
      for (size_t fd = 0; fd < size; ++fd) {
        if ((words[fd / kBits] >> (fd % kBits) & 1) != 0) {
          events[fd] |= kSelectEvents[set];
        }
      }
    }
    for (size_t fd = 0; fd < size; ++fd) {
      if (events[fd] != 0) Add(static_cast<int>(fd), events[fd]);
    }
  }

  void AddEpoll() {
    waits_.polls = true;
    const size_t size = limit_ * kInterestSize;
    const std::optional<std::string> text =
        thread_.Read(absl::StrCat("fdinfo/", Int(0)).c_str(), size);
    if (!text.has_value() || text->size() == size) waits_.more = true;
    if (!text.has_value()) return;
    for (const EpollInterest& interest : ParseEpollInterests(*text)) {
      if ((interest.events & ~kEpollFlags) == 0) continue;
      if (!interest.file.has_value()) {
        Add(interest.fd, interest.events);
      } else if (limit_ > 0 && interest.file->device == SocketDevice()) {
        --limit_;
        AddEvents(interest.file->inode, interest.events);
      } else {
        waits_.more = true;
      }
    }
  }

  void SetMilliseconds(size_t argument) {
    const int milliseconds = Int(argument);
    if (milliseconds >= 0) waits_.timeout = absl::Milliseconds(milliseconds);
  }

  // A timespec or a timeval.
  void SetTime(size_t argument, absl::Duration unit) {
    int64_t parts[2] = {};
    const uint64_t address = Pointer(argument);
    if (address == 0) return;
    if (!Copy(address, absl::MakeSpan(parts))) {
      waits_.more = true;
      return;
    }
    waits_.timeout =
        std::min(absl::Seconds(std::clamp<int64_t>(parts[0], 0, kLongest - 1)) +
                     std::clamp<int64_t>(parts[1], 0, 999'999'999) * unit,
                 absl::Seconds(kLongest));
  }

  const ProcFolder& thread_;
  const SyscallFile& call_;
  size_t limit_;
  ThreadWaits waits_;
};

}  // namespace

ThreadWaits ReadWaits(const ProcFolder& thread, const SyscallFile& call,
                      size_t limit) {
  return Reader(thread, call, limit).Read();
}

}  // namespace standoff

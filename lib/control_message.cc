#include "lib/control_message.h"

#include <linux/errqueue.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace standoff {
namespace {

using Content = ControlMessageName::Content;

// Newer than Debian 12's headers (linux/socket.h, Linux 6.5).
constexpr int kScmPidfd = 4;

constexpr ControlMessageName kNames[] = {
    {"IP_TTL", IPPROTO_IP, IP_TTL, Content::kInteger},
    {"IP_TOS", IPPROTO_IP, IP_TOS, Content::kInteger},
    {"IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, Content::kPacketInfo},
    {"IP_RECVERR", IPPROTO_IP, IP_RECVERR, Content::kBytes},
    {"IP_RECVOPTS", IPPROTO_IP, IP_RECVOPTS, Content::kBytes},
    {"IP_RETOPTS", IPPROTO_IP, IP_RETOPTS, Content::kBytes},
    {"IP_ORIGDSTADDR", IPPROTO_IP, IP_ORIGDSTADDR, Content::kBytes},
    {"IP_CHECKSUM", IPPROTO_IP, IP_CHECKSUM, Content::kBytes},
    {"IPV6_HOPLIMIT", IPPROTO_IPV6, IPV6_HOPLIMIT, Content::kInteger},
    {"IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS, Content::kInteger},
    {"IPV6_PKTINFO", IPPROTO_IPV6, IPV6_PKTINFO, Content::kPacketInfo},
    {"IPV6_RECVERR", IPPROTO_IPV6, IPV6_RECVERR, Content::kBytes},
    {"IPV6_ORIGDSTADDR", IPPROTO_IPV6, IPV6_ORIGDSTADDR, Content::kBytes},
    {"SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, Content::kTimestamp},
    {"SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, Content::kTimestamp},
    {"SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, Content::kBytes},
    {"SO_RXQ_OVFL", SOL_SOCKET, SO_RXQ_OVFL, Content::kInteger},
    {"SO_MARK", SOL_SOCKET, SO_MARK, Content::kInteger},
    {"SO_TXTIME", SOL_SOCKET, SO_TXTIME, Content::kBytes},
    {"SCM_RIGHTS", SOL_SOCKET, SCM_RIGHTS, Content::kBytes},
    {"SCM_CREDENTIALS", SOL_SOCKET, SCM_CREDENTIALS, Content::kBytes},
    {"SCM_PIDFD", SOL_SOCKET, kScmPidfd, Content::kBytes},
    {"UDP_GRO", IPPROTO_UDP, 104, Content::kInteger},
    {"UDP_SEGMENT", IPPROTO_UDP, 103, Content::kBytes},
    {"TCP_INQ", IPPROTO_TCP, 36, Content::kInteger},
};

template <typename T>
ControlMessage FromStruct(int level, int type, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {
      .level = level,
      .type = type,
      .data = std::string(reinterpret_cast<const char*>(&value), sizeof value)};
}

template <typename T>
std::optional<T> ToStruct(const std::string& data) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (data.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, data.data(), sizeof value);
  return value;
}

bool PassesDescriptors(const cmsghdr& header) {
  return header.cmsg_level == SOL_SOCKET &&
         (header.cmsg_type == SCM_RIGHTS || header.cmsg_type == kScmPidfd);
}

// The size of the structure that the kernel delivers; 0 if it is not known.
size_t WholeSize(int level, int type) {
  if (level == IPPROTO_IP && type == IP_TOS) return 1;
  const ControlMessageName* const name = FindControlMessage(level, type);
  if (name == nullptr) return 0;
  switch (name->content) {
    case Content::kBytes:
      return 0;
    case Content::kInteger:
      return sizeof(int);
    case Content::kPacketInfo:
      return level == IPPROTO_IP ? sizeof(in_pktinfo) : sizeof(in6_pktinfo);
    case Content::kTimestamp:
      static_assert(sizeof(timespec) == sizeof(timeval));
      return sizeof(timespec);
  }
  return 0;
}

// Whether the kernel, which had to cut something, cut this message, of which
// `size` bytes came and after which `rest` bytes of the buffer are left. It may
// as well have left out a message for whose header there was no room.
bool IsCut(const cmsghdr& header, size_t size, size_t rest) {
  // Descriptors are not cut in two.
  if (PassesDescriptors(header)) return rest < sizeof(int);
  const size_t whole = WholeSize(header.cmsg_level, header.cmsg_type);
  return whole == 0 ? rest == 0 : size < whole;
}

PassedSockets TakeDescriptors(absl::string_view data) {
  PassedSockets passed;
  for (; data.size() >= sizeof(int); data.remove_prefix(sizeof(int))) {
    int fd;
    std::memcpy(&fd, data.data(), sizeof fd);
    if (fd < 0) continue;
    Result<Socket> socket = Socket::FromDescriptor(fd);
    if (socket.ok()) {
      passed.sockets.push_back(std::move(socket.value));
    } else {
      ++passed.others_closed;
    }
  }
  return passed;
}

}  // namespace

ControlMessage ControlMessage::Integer(int level, int type, int value) {
  return FromStruct(level, type, value);
}

ControlMessage ControlMessage::PacketInfo(const in_pktinfo& info) {
  return FromStruct(IPPROTO_IP, IP_PKTINFO, info);
}

ControlMessage ControlMessage::PacketInfo(const in6_pktinfo& info) {
  return FromStruct(IPPROTO_IPV6, IPV6_PKTINFO, info);
}

std::optional<int> ControlMessage::AsInteger() const {
  if (truncated) return std::nullopt;
  if (data.size() == 1) return static_cast<unsigned char>(data[0]);
  return ToStruct<int>(data);
}

std::optional<in_pktinfo> ControlMessage::AsPacketInfo4() const {
  return ToStruct<in_pktinfo>(data);
}

std::optional<in6_pktinfo> ControlMessage::AsPacketInfo6() const {
  return ToStruct<in6_pktinfo>(data);
}

std::optional<absl::Time> ControlMessage::AsTimestamp() const {
  if (type == SO_TIMESTAMP) {
    const std::optional<timeval> time = ToStruct<timeval>(data);
    if (!time.has_value()) return std::nullopt;
    return absl::TimeFromTimeval(*time);
  }
  const std::optional<timespec> time = ToStruct<timespec>(data);
  if (!time.has_value()) return std::nullopt;
  return absl::TimeFromTimespec(*time);
}

const ControlMessageName* FindControlMessage(absl::string_view name) {
  const auto* found =
      std::find_if(std::begin(kNames), std::end(kNames),
                   [&](const auto& entry) { return entry.name == name; });
  return found == std::end(kNames) ? nullptr : found;
}

const ControlMessageName* FindControlMessage(int level, int type) {
  const auto* found = std::find_if(
      std::begin(kNames), std::end(kNames), [&](const auto& entry) {
        return entry.level == level && entry.type == type;
      });
  return found == std::end(kNames) ? nullptr : found;
}

std::string EncodeControlMessages(absl::Span<const ControlMessage> messages) {
  size_t size = 0;
  for (const ControlMessage& message : messages) {
    size += CMSG_SPACE(message.data.size());
  }
  // Zeros, so that what pads the messages tells nothing.
  std::string buffer(size, '\0');
  char* position = buffer.data();
  for (const ControlMessage& message : messages) {
    cmsghdr header = {};
    header.cmsg_len = CMSG_LEN(message.data.size());
    header.cmsg_level = message.level;
    header.cmsg_type = message.type;
    std::memcpy(position, &header, sizeof header);
    std::memcpy(position + CMSG_LEN(0), message.data.data(),
                message.data.size());
    position += CMSG_SPACE(message.data.size());
  }
  return buffer;
}

DecodedControlMessages DecodeControlMessages(msghdr& header) {
  DecodedControlMessages decoded;
  const char* const end =
      static_cast<const char*>(header.msg_control) + header.msg_controllen;
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr;
       item = CMSG_NXTHDR(&header, item)) {
    const auto* const start = reinterpret_cast<const char*>(CMSG_DATA(item));
    if (start > end || item->cmsg_len < CMSG_LEN(0)) break;
    const size_t wanted = item->cmsg_len - CMSG_LEN(0);
    const size_t size = std::min(wanted, static_cast<size_t>(end - start));
    const auto rest = static_cast<size_t>(end - start) - size;
    ControlMessage message = {
        .level = item->cmsg_level,
        .type = item->cmsg_type,
        .data = std::string(start, size),
        .truncated =
            (header.msg_flags & MSG_CTRUNC) != 0 && IsCut(*item, size, rest)};
    if (PassesDescriptors(*item)) {
      PassedSockets passed = TakeDescriptors(message.data);
      message.data.clear();
      if (item->cmsg_type == SCM_RIGHTS) {
        decoded.passed.push_back(std::move(passed));
      }
    }
    decoded.messages.push_back(std::move(message));
  }
  return decoded;
}

}  // namespace standoff

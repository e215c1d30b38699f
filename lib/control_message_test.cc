#include "lib/control_message.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

// A buffer as recvmsg(2) leaves it, at the end of its memory so that a read
// beyond it is seen by a sanitizer.
class ControlBuffer {
 public:
  explicit ControlBuffer(std::string bytes, int flags = 0)
      : bytes_(bytes.begin(), bytes.end()) {
    bytes_.shrink_to_fit();
    header_.msg_control = bytes_.data();
    header_.msg_controllen = bytes_.size();
    header_.msg_flags = flags;
  }

  std::vector<ControlMessage> Decode() {
    return DecodeControlMessages(header_).messages;
  }

 private:
  std::vector<char> bytes_;
  msghdr header_ = {};
};

std::vector<ControlMessage> Decode(std::string bytes, int flags = 0) {
  return ControlBuffer(std::move(bytes), flags).Decode();
}

// The header of a message that says it has `length` bytes with the header.
std::string Header(size_t length, int level, int type) {
  cmsghdr header = {};
  header.cmsg_len = length;
  header.cmsg_level = level;
  header.cmsg_type = type;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header);
}

int OpenDescriptor() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

template <typename T>
ControlMessage Message(int level, int type, const T& value) {
  return {
      .level = level,
      .type = type,
      .data = std::string(reinterpret_cast<const char*>(&value), sizeof value)};
}

TEST(EncodeControlMessagesTest, IsWhatTheMacrosOfCmsg3Make) {
  const ControlMessage ttl = ControlMessage::Integer(IPPROTO_IP, IP_TTL, 7);
  const ControlMessage byte = {.level = 1, .type = 2, .data = "x"};
  std::string encoded = EncodeControlMessages({ttl, byte});
  ASSERT_EQ(encoded.size(), CMSG_SPACE(sizeof(int)) + CMSG_SPACE(1));

  msghdr header = {};
  header.msg_control = encoded.data();
  header.msg_controllen = encoded.size();
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  EXPECT_EQ(item->cmsg_len, CMSG_LEN(sizeof(int)));
  EXPECT_EQ(item->cmsg_level, IPPROTO_IP);
  EXPECT_EQ(item->cmsg_type, IP_TTL);
  int value = 0;
  std::memcpy(&value, CMSG_DATA(item), sizeof value);
  EXPECT_EQ(value, 7);
  item = CMSG_NXTHDR(&header, item);
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->cmsg_len, CMSG_LEN(1));
  EXPECT_EQ(*CMSG_DATA(item), 'x');
  EXPECT_EQ(CMSG_NXTHDR(&header, item), nullptr);
}

TEST(EncodeControlMessagesTest, MakesNothingOfNone) {
  EXPECT_EQ(EncodeControlMessages({}), "");
}

TEST(EncodeControlMessagesTest, TellsNothingInItsPadding) {
  const std::string encoded =
      EncodeControlMessages({{.level = 1, .type = 2, .data = "x"}});
  EXPECT_EQ(encoded.substr(CMSG_LEN(1)),
            std::string(CMSG_SPACE(1) - CMSG_LEN(1), '\0'));
}

TEST(DecodeControlMessagesTest, ReversesEncode) {
  std::vector<ControlMessage> messages;
  for (size_t size = 0; size < 20; ++size) {
    messages.push_back({.level = static_cast<int>(size),
                        .type = -static_cast<int>(size),
                        .data = std::string(size, 'd')});
  }
  const auto decoded = Decode(EncodeControlMessages(messages));
  ASSERT_EQ(decoded.size(), messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(decoded[i].level, messages[i].level);
    EXPECT_EQ(decoded[i].type, messages[i].type);
    EXPECT_EQ(decoded[i].data, messages[i].data);
    EXPECT_FALSE(decoded[i].truncated);
  }
}

TEST(DecodeControlMessagesTest, ReadsNothingFromLessThanAHeader) {
  EXPECT_TRUE(Decode("").empty());
  for (size_t size = 1; size < sizeof(cmsghdr); ++size) {
    EXPECT_TRUE(Decode(Header(100, 1, 1).substr(0, size)).empty());
  }
  msghdr header = {};
  EXPECT_TRUE(DecodeControlMessages(header).messages.empty());
}

TEST(DecodeControlMessagesTest, EndsAtALengthBelowAHeader) {
  for (size_t length = 0; length < sizeof(cmsghdr); ++length) {
    EXPECT_TRUE(Decode(Header(length, 1, 1) + "12345678").empty());
  }
}

TEST(DecodeControlMessagesTest, StaysWithinTheBuffer) {
  for (const size_t length : {size_t{17}, size_t{24}, size_t{25}, size_t{1000},
                              SIZE_MAX / 2, SIZE_MAX - 7, SIZE_MAX}) {
    for (size_t rest = 0; rest < 24; ++rest) {
      const auto messages =
          Decode(Header(length, 5, 6) + std::string(rest, 'r'));
      ASSERT_GE(messages.size(), 1u);
      EXPECT_EQ(messages[0].data,
                std::string(std::min(rest, length - sizeof(cmsghdr)), 'r'));
    }
  }
}

TEST(DecodeControlMessagesTest, EndsAtAMessageWithoutAWholeHeader) {
  const std::string first =
      EncodeControlMessages({{.level = 1, .type = 2, .data = "x"}});
  for (size_t size = 0; size < sizeof(cmsghdr); ++size) {
    EXPECT_EQ(Decode(first + Header(100, 1, 1).substr(0, size)).size(), 1u);
  }
}

// The kernel writes as much as there is room for and says MSG_CTRUNC.
TEST(DecodeControlMessagesTest, SaysWhichMessageIsTruncated) {
  const std::string whole =
      EncodeControlMessages({ControlMessage::Integer(IPPROTO_IP, IP_TTL, 7)});
  const auto messages =
      Decode(whole + Header(CMSG_LEN(5), IPPROTO_IP, IP_PKTINFO) + "12345",
             MSG_CTRUNC);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_FALSE(messages[0].truncated);
  EXPECT_TRUE(messages[1].truncated);
  EXPECT_EQ(messages[1].AsPacketInfo4(), std::nullopt);
}

// MSG_CTRUNC may be about a message for which there was no room at all. One
// that has its whole structure is whole, though it ends where the room does.
TEST(DecodeControlMessagesTest, DoesNotTakeAWholeMessageForATruncatedOne) {
  const timespec time = {.tv_sec = 1, .tv_nsec = 2};
  const in6_pktinfo info = {};
  const uint8_t tos = 4;
  for (const ControlMessage& message :
       {Message(SOL_SOCKET, SO_TIMESTAMPNS, time),
        Message(IPPROTO_IPV6, IPV6_PKTINFO, info),
        Message(IPPROTO_IP, IP_TTL, 7), Message(IPPROTO_IP, IP_TOS, tos)}) {
    std::string encoded = EncodeControlMessages({message});
    encoded.resize(CMSG_LEN(message.data.size()));
    const auto messages = Decode(encoded, MSG_CTRUNC);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_FALSE(messages[0].truncated) << message.type;
  }
}

TEST(DecodeControlMessagesTest, AByteOfALongerIntegerIsNoInteger) {
  const auto messages =
      Decode(Header(CMSG_LEN(1), IPPROTO_IP, IP_TTL) + "\x07", MSG_CTRUNC);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0].truncated);
  EXPECT_EQ(messages[0].AsInteger(), std::nullopt);
}

TEST(DecodeControlMessagesTest, ClosesDescriptors) {
  const int fds[] = {OpenDescriptor(), OpenDescriptor()};
  const auto messages =
      Decode(EncodeControlMessages({Message(SOL_SOCKET, SCM_RIGHTS, fds)}));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].data, "");
  EXPECT_FALSE(IsOpen(fds[0]));
  EXPECT_FALSE(IsOpen(fds[1]));
}

// Room for one and three quarters: the kernel installs one, and pads.
TEST(DecodeControlMessagesTest, SaysThatDescriptorsAreTruncated) {
  const int fd = OpenDescriptor();
  std::string encoded =
      EncodeControlMessages({Message(SOL_SOCKET, SCM_RIGHTS, fd)});
  encoded.resize(CMSG_LEN(sizeof fd) + 3);
  const auto messages = Decode(encoded, MSG_CTRUNC);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0].truncated);
  EXPECT_FALSE(IsOpen(fd));
}

TEST(DecodeControlMessagesTest, LeavesOtherNumbersAlone) {
  const int fd = OpenDescriptor();
  Decode(EncodeControlMessages({Message(SOL_SOCKET, SCM_CREDENTIALS, fd),
                                Message(IPPROTO_IP, SCM_RIGHTS, fd)}));
  EXPECT_TRUE(IsOpen(fd));
  close(fd);
}

TEST(ControlMessageTest, ReadsWhatItIs) {
  EXPECT_EQ(ControlMessage::Integer(1, 2, -3).AsInteger(), -3);
  EXPECT_EQ((ControlMessage{.data = "\xFF"}.AsInteger()), 255);
  in_pktinfo info4 = {};
  info4.ipi_ifindex = 4;
  EXPECT_EQ(ControlMessage::PacketInfo(info4).AsPacketInfo4()->ipi_ifindex, 4);
  in6_pktinfo info6 = {};
  info6.ipi6_ifindex = 6;
  EXPECT_EQ(ControlMessage::PacketInfo(info6).AsPacketInfo6()->ipi6_ifindex,
            6u);
  EXPECT_EQ(Message(SOL_SOCKET, SO_TIMESTAMPNS, timespec{5, 6}).AsTimestamp(),
            absl::FromUnixNanos(5'000'000'006));
  EXPECT_EQ(Message(SOL_SOCKET, SO_TIMESTAMP, timeval{5, 6}).AsTimestamp(),
            absl::FromUnixMicros(5'000'006));
}

TEST(ControlMessageTest, IsNothingOfAnotherSize) {
  for (size_t size = 0; size < 30; ++size) {
    const ControlMessage message = {.data = std::string(size, 's')};
    EXPECT_EQ(message.AsInteger().has_value(), size == 1 || size == 4);
    EXPECT_EQ(message.AsPacketInfo4().has_value(), size == 12);
    EXPECT_EQ(message.AsPacketInfo6().has_value(), size == 20);
    EXPECT_EQ(message.AsTimestamp().has_value(), size == 16);
  }
}

TEST(FindControlMessageTest, FindsByNameAndByNumber) {
  const ControlMessageName* const ttl = FindControlMessage("IP_TTL");
  ASSERT_NE(ttl, nullptr);
  EXPECT_EQ(ttl->level, IPPROTO_IP);
  EXPECT_EQ(ttl->type, IP_TTL);
  EXPECT_EQ(ttl->content, ControlMessageName::Content::kInteger);
  EXPECT_EQ(FindControlMessage(IPPROTO_IP, IP_TTL), ttl);
  for (const char* name :
       {"IPV6_HOPLIMIT", "IP_PKTINFO", "IPV6_PKTINFO", "SO_TIMESTAMPNS",
        "SCM_RIGHTS", "SCM_CREDENTIALS", "IP_RECVERR"}) {
    const ControlMessageName* const entry = FindControlMessage(name);
    ASSERT_NE(entry, nullptr) << name;
    EXPECT_EQ(entry->name, name);
    EXPECT_EQ(FindControlMessage(entry->level, entry->type), entry) << name;
  }
}

TEST(FindControlMessageTest, FindsNoneForOthers) {
  EXPECT_EQ(FindControlMessage(""), nullptr);
  EXPECT_EQ(FindControlMessage("ip_ttl"), nullptr);
  EXPECT_EQ(FindControlMessage(-1, -1), nullptr);
}

}  // namespace
}  // namespace standoff

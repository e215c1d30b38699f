// Control connections on which no HTTP/2 is spoken, or none at all: a thousand
// of them don't stop service, and leave nothing.

#include <sys/socket.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/host.h"
#include "client/lab/file_descriptor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/faults/raw_connection.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/matchers.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr int kConnections = 1000;

// What a client of HTTP/2 says first (RFC 9113, 3.4), and its empty SETTINGS.
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kSettings("\0\0\0\4\0\0\0\0\0", 9);

std::string RandomBytes(std::mt19937& random, size_t count) {
  std::string bytes(count, '\0');
  std::uniform_int_distribution<int> byte(0, 255);
  for (char& c : bytes) c = static_cast<char>(byte(random));
  return bytes;
}

// The header of a frame: its length, type, flags and stream.
std::string FrameHeader(unsigned length, int type, int flags, int stream) {
  std::string header;
  for (const unsigned byte :
       {length >> 16, length >> 8, length, static_cast<unsigned>(type),
        static_cast<unsigned>(flags), 0u, 0u, 0u,
        static_cast<unsigned>(stream)}) {
    header.push_back(static_cast<char>(byte & 0xff));
  }
  return header;
}

std::vector<std::string> MalformedStarts() {
  std::mt19937 random(1);
  const std::string start = kPreface + kSettings;
  return {
      // Of HTTP/1.1, of TLS, and of nothing.
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      absl::StrCat("\x16\x03\x01\x02", std::string(1, '\0'),
                   RandomBytes(random, 500)),
      RandomBytes(random, 4000),
      // A preface that breaks off, alone, and with garbage behind.
      kPreface.substr(0, 10),
      kPreface,
      kPreface + RandomBytes(random, 4000),
      // SETTINGS of no whole number of settings.
      kPreface + FrameHeader(5, 4, 0, 0) + "abcde",
      // HEADERS of the greatest length; of garbage; CONTINUATION of nothing.
      start + FrameHeader(0xffffff, 1, 4, 1) + RandomBytes(random, 1000),
      start + FrameHeader(1000, 1, 4, 1) + RandomBytes(random, 1000),
      start + FrameHeader(5, 9, 4, 1) + "abcde",
      // DATA and RST_STREAM for a stream that there is not; WINDOW_UPDATE by 0.
      start + FrameHeader(3, 0, 1, 7) + "abc",
      start + FrameHeader(4, 3, 0, 5) + std::string("\0\0\0\x08", 4),
      start + FrameHeader(4, 8, 0, 0) + std::string(4, '\0'),
      // A type that there is not, and a PING that is too short.
      start + FrameHeader(10, 0x77, 0xff, 3) + "0123456789",
      start + FrameHeader(3, 6, 0, 0) + "abc",
  };
}

class BadConnectionTest : public ::testing::Test {
 protected:
  // All of those that the test has made are gone.
  void ExpectNothingIsLeft() {
    EXPECT_TRUE(Eventually([this] {
      return CountDescriptors(host_.pid()) <= descriptors_;
    })) << CountDescriptors(host_.pid())
        << " descriptors, " << descriptors_ << " before";
  }

  FileDescriptor Connect() { return ConnectTcp(host_.daemon().address()); }

  TestHost host_;
  const int descriptors_ = CountDescriptors(host_.pid());
};

TEST_F(BadConnectionTest, HalfOpen) {
  std::vector<FileDescriptor> connections;
  for (int i = 0; i < kConnections; ++i) {
    connections.push_back(Connect());
    // Some have said that they will send nothing, and stay to listen.
    if (i % 4 == 0) shutdown(connections.back().get(), SHUT_WR);
    if (i % 100 == 0) {
      EXPECT_THAT(host_->GetInfo(), IsOk());
    }
  }
  ExpectServes(host_);
  connections.clear();
  ExpectServes(host_);
  ExpectNothingIsLeft();
}

TEST_F(BadConnectionTest, NoHttp2) {
  const std::vector<std::string> starts = MalformedStarts();
  std::vector<FileDescriptor> connections;
  for (size_t i = 0; i < kConnections; ++i) {
    const std::string& start = starts[i % starts.size()];
    connections.push_back(Connect());
    EXPECT_EQ(send(connections.back().get(), start.data(), start.size(),
                   MSG_NOSIGNAL),
              static_cast<ssize_t>(start.size()));
    if (i % 100 == 0) {
      EXPECT_THAT(host_->GetInfo(), IsOk());
    }
  }
  ExpectServes(host_);
  connections.clear();
  ExpectServes(host_);
  ExpectNothingIsLeft();
}

// What is no HTTP/2 from its first byte on is not kept.
TEST_F(BadConnectionTest, ClosesWhatIsNoHttp2) {
  const FileDescriptor connection = Connect();
  const std::string start = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_GT(send(connection.get(), start.data(), start.size(), MSG_NOSIGNAL),
            0);
  EXPECT_TRUE(Eventually([&] {
    char buffer[1000];
    const ssize_t count =
        recv(connection.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno == ECONNRESET);
  }));
}

}  // namespace
}  // namespace standoff::client

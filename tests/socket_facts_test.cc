// What Describe and Snapshot tell of a socket that decides when a call on it
// can go on, and how far a call has come.

#include <sys/socket.h>
#include <sys/syscall.h>

#include <optional>
#include <string>

#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

class SocketFactsTest : public ::testing::Test {
 protected:
  static v1::SocketDescription Describe(const SocketRef& socket) {
    return Must(socket.Describe()).socket();
  }

  // Of the only operation in progress on the socket.
  std::optional<uint64_t> BytesSoFar(const SocketRef& socket) {
    const auto snapshot = Must(host_->Snapshot());
    for (const v1::Operation& operation : snapshot.operations()) {
      const v1::Action& action = operation.action();
      if (action.receive().socket() != socket.name() &&
          action.send().socket() != socket.name()) {
        continue;
      }
      if (!operation.has_bytes_so_far()) return std::nullopt;
      return operation.bytes_so_far();
    }
    return std::nullopt;
  }

  TestHost host_;
};

TEST_F(SocketFactsTest, DefaultsAreLeftOut) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto description = Describe(a);
  EXPECT_FALSE(description.has_receive_low_water());
  EXPECT_FALSE(description.has_peek_offset());
  EXPECT_FALSE(description.reuse_port());
  EXPECT_FALSE(description.has_defer_accept());
}

TEST_F(SocketFactsTest, WhatWasSet) {
  const auto [a, b] = ConnectedPair(host_.host(), kUnixStream);
  Must(a.SetOption("SO_RCVLOWAT", 7));
  Must(a.SetOption("SO_PEEK_OFF", 0));
  EXPECT_EQ(Describe(a).receive_low_water(), 7u);
  EXPECT_TRUE(Describe(a).has_peek_offset());
  EXPECT_EQ(Describe(a).peek_offset(), 0u);
  Must(a.SetOption("SO_PEEK_OFF", 5));
  EXPECT_EQ(Describe(a).peek_offset(), 5u);
  const RemoteSocket listener = OpenSocket(host_.host(), kTcp4);
  Must(listener.SetOption("SO_REUSEPORT", 1));
  Must(listener.SetOption("TCP_DEFER_ACCEPT", 5));
  EXPECT_TRUE(Describe(listener).reuse_port());
  EXPECT_FALSE(Describe(listener).has_defer_accept());
  Must(listener.Bind(AnyAddress(kTcp4)));
  Must(listener.Listen());
  // The kernel rounds it up to what its retransmissions can tell.
  EXPECT_GE(Describe(listener).defer_accept().seconds(), 5);
}

TEST_F(SocketFactsTest, SegmentsAreCounted) {
  const RemoteSocket put_off = OpenSocket(host_.host(), kTcp4);
  Must(put_off.SetOption("TCP_FASTOPEN_NO_COOKIE", 1));
  Must(put_off.SetOption("TCP_FASTOPEN_CONNECT", 1));
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  Must(put_off.Connect(AddressOf(listener)));
  ASSERT_TRUE(Describe(put_off).tcp_info().has_segments_sent());
  EXPECT_EQ(Describe(put_off).tcp_info().segments_sent(), 0u);
  Must(put_off.Send("x"));
  EXPECT_GT(Describe(put_off).tcp_info().segments_sent(), 0u);
  EXPECT_TRUE(Eventually(
      [&] { return Describe(put_off).tcp_info().segments_received() > 0; }));
}

TEST_F(SocketFactsTest, ReceiveOfAll) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().ReceiveAll(10);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  EXPECT_EQ(BytesSoFar(b), 0u);
  Must(a.Send("abc"));
  EXPECT_TRUE(Eventually([&, &b = b] { return BytesSoFar(b) == 3u; }));
  Must(a.Send("0123456"));
  EXPECT_THAT(receiving.Get(), ReceivedData("abc0123456"));
}

TEST_F(SocketFactsTest, ReceiveThatWaitsInTheKernelForAll) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Send("ab"));
  Must(b.Receive(1));
  v1::ReceiveRequest request;
  request.set_length(10);
  request.add_flags(v1::MESSAGE_FLAG_WAITALL);
  auto receiving = b.Async().Run(request);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  EXPECT_TRUE(Eventually([&, &b = b] { return BytesSoFar(b) == 1u; }));
  Must(a.Send("cde"));
  EXPECT_TRUE(Eventually([&, &b = b] { return BytesSoFar(b) == 4u; }));
  // Another could have taken some.
  auto other = b.Async().Receive(1);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, 2));
  EXPECT_EQ(BytesSoFar(b), std::nullopt);
  other.Cancel();
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 1));
  EXPECT_EQ(BytesSoFar(b), std::nullopt);
  Must(a.Send("012345"));
  EXPECT_THAT(receiving.Get(), ReceivedData("bcde012345"));
}

TEST_F(SocketFactsTest, SendOfAll) {
  const auto [a, b] = ConnectedPair(host_.host(), kUnixStream);
  Must(a.SetTimeout(3600));
  const std::string data(16'000'000, 'x');
  auto sending = a.Async().SendAll(data);
  ASSERT_TRUE(AsleepIn(host_, "Send", SYS_ppoll));
  const auto sent = BytesSoFar(a);
  ASSERT_TRUE(sent.has_value());
  EXPECT_GT(*sent, 0u);
  EXPECT_EQ(*sent, Must(b.GetReceiveQueue()).bytes());
}

TEST_F(SocketFactsTest, OthersDoNotTell) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().Receive(10);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  EXPECT_EQ(BytesSoFar(b), std::nullopt);
}

}  // namespace
}  // namespace standoff::client

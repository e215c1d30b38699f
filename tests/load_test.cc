// Many calls, many clients, all at once: control is answered, waiting costs no
// processor time, and nothing is left in the end.

#include <sys/syscall.h>

#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

class LoadTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(LoadTest, ThousandCallsWait) {
  constexpr int kCalls = 1000;
  auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(b.Async().Receive(10));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvmsg, kCalls));
  // All is answered, on this channel and on others.
  EXPECT_EQ(WaitingCalls(b), static_cast<uint32_t>(kCalls));
  EXPECT_THAT(host_.ConnectAgain().GetInfo(), IsOk());
  // Each datagram ends one.
  for (int i = 0; i < 10; ++i) Must(a.Send("x"));
  ASSERT_TRUE(WaitingCallsBecome(b, kCalls - 10));
  EXPECT_THAT(b.Close(), Returned(0));
  int received = 0;
  for (auto& call : calls) {
    if (Returned(call.Get()->outcome())) {
      ++received;
    } else {
      EXPECT_THAT(call.Get(), WasCancelled());
    }
  }
  EXPECT_EQ(received, 10);
  EXPECT_TRUE(ThreadsBecome(host_, "Receive", 0));
}

// In whatever mode, a call that waits sleeps.
TEST_F(LoadTest, WaitingCostsNoProcessorTime) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto [c, d] = ConnectedPair(host_.host(), kUdp4);
  Must(d.SetTimeout(3600));
  // Ready to be sent to, and yet full: a poller would spin.
  const RemoteSocket full = BoundSocket(host_.host(), kUnixDatagram);
  const RemoteSocket sender = OpenSocket(host_.host(), kUnixDatagram, 0.0);
  const v1::Address to = AddressOf(full);
  while (Returned(sender.SendTo(to, "x")->outcome())) {
  }
  Must(sender.SetTimeout(3600));
  std::vector<Call<v1::ReceiveResponse>> receiving;
  std::vector<Call<v1::SendResponse>> sending;
  for (int i = 0; i < 10; ++i) {
    receiving.push_back(b.Async().Receive(10));
    receiving.push_back(d.Async().Receive(10));
    sending.push_back(sender.Async().SendTo(to, "x"));
  }
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 30));
  const absl::Duration before = ProcessorTime(host_.pid());
  absl::SleepFor(absl::Seconds(1));
  EXPECT_LT(ProcessorTime(host_.pid()) - before, absl::Milliseconds(300));
  // They go on when they can.
  for (int i = 0; i < 10; ++i) Must(full.Receive(10));
  for (auto& call : sending) EXPECT_THAT(call.Get(), Returned(1));
}

// What a client does in a storm: opens, connects, waits, gives up and closes,
// in no good order.
class Storm {
 public:
  Storm(Host host, unsigned seed) : host_(std::move(host)), random_(seed) {}

  void Run(int rounds) {
    for (int i = 0; i < rounds; ++i) Round();
  }

 private:
  int Pick(int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random_);
  }

  CallOptions Deadline() {
    return {.deadline = absl::Microseconds(Pick(20'000))};
  }

  void Round() {
    RemotePair pair = ConnectedPair(host_, Pick(2) == 0 ? kTcp4 : kUnixStream);
    std::vector<Call<v1::ReceiveResponse>> receiving;
    std::vector<Call<v1::SendResponse>> sending;
    std::vector<Call<v1::PollResponse>> polling;
    for (int i = Pick(10); i >= 0; --i) {
      const RemoteSocket& socket = Pick(2) == 0 ? pair.a : pair.b;
      switch (Pick(6)) {
        case 0:
          receiving.push_back(socket.Async().Receive(100, Deadline()));
          break;
        case 1:
          receiving.push_back(socket.Async().ReceiveAll(100, Deadline()));
          break;
        case 2:
          sending.push_back(socket.Async().Send("some bytes", Deadline()));
          break;
        case 3:
          polling.push_back(
              host_.Async().Poll({PollFor(pair.a, {v1::POLL_EVENT_IN}),
                                  PollFor(pair.b, {v1::POLL_EVENT_IN})},
                                 {}, Deadline()));
          break;
        case 4:
          EXPECT_THAT(socket.SetTimeout(Pick(2) * 0.005), IsOk());
          break;
        case 5:
          if (!receiving.empty()) receiving.back().Cancel();
          break;
      }
    }
    // Half of the time they end by the close.
    if (Pick(2) == 0) {
      EXPECT_THAT(pair.a.Close(), Returned(0));
      EXPECT_THAT(pair.b.Close(), Returned(0));
    }
  }

  Host host_;
  std::mt19937 random_;
};

TEST_F(LoadTest, NothingIsLeftAfterAStorm) {
  constexpr unsigned kClients = 4;
  constexpr int kRounds = 40;
  // A first call of each kind, for what is kept from then on.
  Storm(host_.ConnectAgain(), 0).Run(5);
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(
      Eventually([this] { return InUse(host_.host(), "sockets") == 0; }));
  const int before = CountDescriptors(host_.pid());
  {
    std::vector<std::thread> clients;
    for (unsigned i = 1; i <= kClients; ++i) {
      clients.emplace_back(
          [i, host = host_.ConnectAgain()] { Storm(host, i).Run(kRounds); });
    }
    for (std::thread& client : clients) client.join();
  }
  EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
  EXPECT_EQ(Must(host_->List()).sockets_size(), 0);
  for (const char* thread : {"Receive", "Send", "Poll", "Accept", "Close"}) {
    EXPECT_TRUE(ThreadsBecome(host_, thread, 0));
  }
  // Connections of control that have just ended may take a moment.
  EXPECT_TRUE(Eventually([&] {
    return CountDescriptors(host_.pid()) <= before;
  })) << CountDescriptors(host_.pid())
      << " descriptors, " << before << " before";
}

}  // namespace
}  // namespace standoff::client

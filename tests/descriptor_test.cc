// Open files exhausted: EMFILE is an outcome, and the control channel goes on.

#include <sys/syscall.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "client/call.h"
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

constexpr int kMaxOpenFiles = 128;

class DescriptorTest : public ::testing::Test {
 protected:
  // Opens sockets until the kernel refuses, and returns the last outcome.
  v1::Outcome Exhaust() {
    while (static_cast<int>(sockets_.size()) < kMaxOpenFiles) {
      const auto opened = host_->Open();
      EXPECT_THAT(opened, IsOk());
      if (!opened.ok() || opened->socket().empty()) {
        return opened.ok() ? opened->outcome() : v1::Outcome();
      }
      sockets_.push_back(host_->Adopt(opened->socket()));
    }
    return {};
  }

  TestHost host_{WithOpenFiles(kMaxOpenFiles)};
  std::vector<RemoteSocket> sockets_;
};

TEST_F(DescriptorTest, ExhaustionIsAnOutcome) {
  const v1::Outcome outcome = Exhaust();
  EXPECT_EQ(outcome.ending(), v1::ENDING_FAILED);
  EXPECT_EQ(outcome.error().name(), "EMFILE");
  EXPECT_EQ(outcome.value(), -1);
  // Most of them were to be had.
  EXPECT_GT(sockets_.size(), 32u);

  v1::OpenPairRequest pair;
  const auto opened = host_->OpenPair(pair);
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->outcome().error().name(), "EMFILE");
}

TEST_F(DescriptorTest, ControlGoesOn) {
  Exhaust();
  // Over the connection that is there.
  EXPECT_EQ(Must(host_->List()).sockets_size(),
            static_cast<int>(sockets_.size()));
  EXPECT_THAT(host_->GetInfo(), IsOk());
  Must(sockets_[0].Bind("127.0.0.1:0"));
  // Over new ones, one after another and some at once.
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Host::Connect(host_.daemon().address()), IsOk());
  }
  std::vector<Host> others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(Must(Host::Connect(host_.daemon().address())));
  }
  for (const Host& other : others) EXPECT_THAT(other.GetInfo(), IsOk());
}

TEST_F(DescriptorTest, ClosingMakesRoom) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Exhaust().error().name(), "EMFILE");
    Must(sockets_.back().Close());
    sockets_.pop_back();
    const auto opened = host_->Open();
    ASSERT_THAT(opened, Returned(0));
    sockets_.push_back(host_->Adopt(opened->socket()));
    sockets_.clear();
  }
}

TEST_F(DescriptorTest, AcceptLeavesTheConnection) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const RemoteSocket connected = OpenSocket(host_.host(), kTcp4);
  Must(connected.Connect(AddressOf(listener)));
  Exhaust();
  const auto accepted = listener.Accept("taken");
  ASSERT_THAT(accepted, IsOk());
  EXPECT_EQ(accepted->outcome().error().name(), "EMFILE");
  EXPECT_EQ(Must(listener.Describe()).socket().accept_queue().length(), 1u);
  sockets_.clear();
  EXPECT_THAT(listener.Accept("taken"), Returned(0));
}

// Connections that come when accepts already wait. (A blocking accept holds its
// descriptor while it waits; one with a timeout does not.)
class WaitingAcceptTest
    : public DescriptorTest,
      public ::testing::WithParamInterface<std::optional<double>> {};

INSTANTIATE_TEST_SUITE_P(Modes, WaitingAcceptTest,
                         ::testing::Values(std::nullopt, 3600.0),
                         [](const auto& parameter) {
                           return parameter.param.has_value() ? "Timeout"
                                                              : "Blocking";
                         });

TEST_P(WaitingAcceptTest, LeavesTheReserve) {
  constexpr int kCalls = 40;
  const RemoteSocket listener = Listener(host_.host(), kTcp4, 64);
  Must(listener.SetTimeout(GetParam()));
  const v1::Address address = AddressOf(listener);
  std::vector<Call<v1::AcceptResponse>> accepting;
  for (int i = 0; i < kCalls; ++i) {
    accepting.push_back(listener.Async().Accept());
  }
  ASSERT_TRUE(AsleepIn(host_, "Accept",
                       GetParam().has_value() ? SYS_ppoll : SYS_accept4,
                       kCalls));
  Exhaust();
  // From another daemon, which has files enough.
  TestHost other;
  std::vector<RemoteSocket> connected;
  for (int i = 0; i < kCalls; ++i) {
    connected.push_back(OpenSocket(other.host(), kTcp4));
    ASSERT_THAT(connected.back().Connect(address), Returned(0));
  }
  // Each gets a connection or learns that there is no room for one.
  int accepted = 0;
  for (auto& call : accepting) {
    ASSERT_TRUE(call.Wait(absl::Minutes(1)));
    ASSERT_THAT(call.Get(), IsOk());
    if (Returned(call.Get()->outcome())) {
      ++accepted;
    } else {
      EXPECT_EQ(call.Get()->outcome().error().name(), "EMFILE");
    }
  }
  EXPECT_EQ(Must(listener.Describe()).socket().accept_queue().length(),
            static_cast<uint32_t>(kCalls - accepted));
  // None of them took what control needs.
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Host::Connect(host_.daemon().address()), IsOk());
  }
}

TEST_F(DescriptorTest, LookUpsGoOnOrSayWhy) {
  Exhaust();
  const auto found = host_->Resolve("127.0.0.1", "80");
  ASSERT_THAT(found, IsOk());
  EXPECT_TRUE(Returned(found->outcome()) ||
              found->outcome().error().name() == "EMFILE");
}

}  // namespace
}  // namespace standoff::client

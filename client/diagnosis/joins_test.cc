// Which socket is at the other end, by the addresses of both.

#include <vector>

#include "client/address.h"
#include "client/diagnosis/testing/host_maker.h"
#include "client/diagnosis/testing/must_diagnose.h"
#include "client/diagnosis/testing/two_hosts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"
#include "standoff/v1/socket.pb.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(TwoHosts, ThePeerIsGone) {
  left_.BlockInReceive("alice", "a");
  right_.snapshot().clear_sockets();
  // Nobody has asked the kernel, which may have one of another process.
  v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_UNKNOWN);
  ASSERT_EQ(diagnosis.look_ups_size(), 1);
  EXPECT_EQ(diagnosis.look_ups(0).host(), "right");
  ASSERT_EQ(diagnosis.look_ups(0).connections_size(), 1);
  const v1::Connection& asked = diagnosis.look_ups(0).connections(0);
  EXPECT_EQ(FormatAddress(asked.local()), "10.0.0.2:80");
  EXPECT_EQ(FormatAddress(asked.peer()), "10.0.0.1:1000");
  right_.AddLookUp("10.0.0.2:80", "10.0.0.1:1000");
  diagnosis = Twice();
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_GONE);
  EXPECT_THAT(CallOf(diagnosis, "alice").evidence(0).peer_hosts(),
              ElementsAre("right"));
}

TEST_F(TwoHosts, AStrangerIsUnknown) {
  left_.BlockInReceive("alice", "a");
  const v1::Diagnosis diagnosis = MustDiagnose({left_.Twice()});
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_UNKNOWN);
  EXPECT_EQ(CallOf(diagnosis, "alice").evidence(0).standing(),
            v1::PEER_STANDING_STRANGER);
}

TEST_F(TwoHosts, TheSameAddressOnTwoHostsIsAmbiguousOnlyIfBothFit) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  HostMaker other("other", {"10.0.0.2"});
  // Another host may have the end.
  v1::Diagnosis diagnosis =
      MustDiagnose({left_.Twice(), right_.Twice(), other.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  ASSERT_EQ(diagnosis.deadlocks_size(), 1);
  EXPECT_EQ(diagnosis.deadlocks(0).missing_premises(0).premise(),
            v1::PREMISE_EXACT_JOIN);
  // Its kernel has no such connection.
  other.AddLookUp("10.0.0.2:80", "10.0.0.1:1000");
  EXPECT_EQ(
      MustDiagnose({left_.Twice(), right_.Twice(), other.Twice()}).verdict(),
      v1::VERDICT_DEADLOCK);
  other.AddTcp("x", "10.0.0.2:80", "10.0.0.1:1000");
  diagnosis = MustDiagnose({left_.Twice(), right_.Twice(), other.Twice()});
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_UNKNOWN);
  EXPECT_EQ(CallOf(diagnosis, "alice").evidence(0).standing(),
            v1::PEER_STANDING_AMBIGUOUS);
}

TEST(JoinsTest, BothFamiliesAndMappedAddresses) {
  struct Ends {
    const char* a_local;
    const char* a_peer;
    const char* b_local;
    const char* b_peer;
  };
  for (const Ends& ends :
       std::vector<Ends>{{"[2001:db8::1]:1000", "[2001:db8::2]:80",
                          "[2001:db8::2]:80", "[2001:db8::1]:1000"},
                         {"10.0.0.1:1000", "10.0.0.2:80",
                          "[::ffff:10.0.0.2]:80", "[::ffff:10.0.0.1]:1000"},
                         {"[fe80::1%2]:1000", "[fe80::2%2]:80",
                          "[fe80::2%5]:80", "[fe80::1%5]:1000"}}) {
    HostMaker left("left", {"10.0.0.1", "2001:db8::1", "fe80::1%eth0"});
    HostMaker right("right", {"10.0.0.2", "2001:db8::2", "fe80::2%eth0"});
    left.AddTcp("a", ends.a_local, ends.a_peer);
    right.AddTcp("b", ends.b_local, ends.b_peer);
    left.BlockInReceive("alice", "a");
    right.BlockInReceive("bob", "b");
    EXPECT_EQ(MustDiagnose({left.Twice(), right.Twice()}).verdict(),
              v1::VERDICT_DEADLOCK)
        << ends.a_peer;
  }
}

// Loopback is each network's own, and two daemons can share one.
TEST(JoinsTest, LoopbackOfOneNetworkOnly) {
  HostMaker left("left");
  left.AddTcp("a", "127.0.0.1:1000", "127.0.0.1:80");
  left.BlockInReceive("alice", "a");
  HostMaker right("right");
  right.AddTcp("b", "127.0.0.1:80", "127.0.0.1:1000").set_inode(555);
  right.BlockInReceive("bob", "b");
  EXPECT_NE(MustDiagnose({left.Twice(), right.Twice()}).verdict(),
            v1::VERDICT_DEADLOCK);
  right.snapshot().set_boot_id(left.snapshot().boot_id());
  EXPECT_EQ(MustDiagnose({left.Twice(), right.Twice()}).verdict(),
            v1::VERDICT_DEADLOCK);
}

TEST(JoinsTest, AcrossAddressTranslationWithAHint) {
  HostMaker left("left", {"10.0.0.1"});
  HostMaker right("right", {"10.1.0.2"});
  // The way out gives both their translator's addresses.
  left.AddTcp("a", "10.0.0.1:1000", "203.0.113.7:80");
  right.AddTcp("b", "10.1.0.2:80", "198.51.100.1:1000");
  left.BlockInReceive("alice", "a");
  right.BlockInReceive("bob", "b");
  EXPECT_EQ(
      CallOf(MustDiagnose({left.Twice(), right.Twice()}), "alice").reason(),
      v1::REASON_UNKNOWN);
  v1::AddressHint of_left;
  of_left.set_address("198.51.100.1");
  of_left.set_host("left");
  v1::AddressHint of_right;
  of_right.set_address("203.0.113.7");
  of_right.set_host("right");
  EXPECT_EQ(MustDiagnose({left.Twice(), right.Twice()}, {of_left, of_right})
                .verdict(),
            v1::VERDICT_DEADLOCK);
  // One hint is not enough to tell the ends from others.
  EXPECT_NE(MustDiagnose({left.Twice(), right.Twice()}, {of_right}).verdict(),
            v1::VERDICT_DEADLOCK);
}

TEST(JoinsTest, NobodyHasAcceptedTheConnection) {
  HostMaker left("left", {"10.0.0.1"});
  HostMaker right("right", {"10.0.0.2"});
  left.AddTcp("a", "10.0.0.1:1000", "10.0.0.2:80");
  left.BlockInReceive("alice", "a");
  v1::SocketDescription& listener = right.AddListener("l", "10.0.0.2:80");
  listener.mutable_accept_queue()->set_length(1);
  // The queue's length says nothing of whose connection it is.
  EXPECT_EQ(
      CallOf(MustDiagnose({left.Twice(), right.Twice()}), "alice").reason(),
      v1::REASON_UNKNOWN);
  right.AddOwnerless("10.0.0.2:80", "10.0.0.1:1000", v1::TCP_STATE_ESTABLISHED);
  v1::BlockedCall call =
      CallOf(MustDiagnose({left.Twice(), right.Twice()}), "alice");
  EXPECT_EQ(call.evidence(0).standing(), v1::PEER_STANDING_NOT_ACCEPTED);
  EXPECT_EQ(call.reason(), v1::REASON_NOT_ACCEPTED);
  EXPECT_THAT(call.sentence(), HasSubstr("nobody has accepted"));
  EXPECT_THAT(call.ways_out(0), HasSubstr("Accept on "));
}

TEST(JoinsTest, Udp) {
  HostMaker left("left", {"10.0.0.1"});
  HostMaker right("right", {"10.0.0.2"});
  left.AddUdp("a", "10.0.0.1:1000", "10.0.0.2:53");
  v1::SocketDescription& b = right.AddUdp("b", "0.0.0.0:53");
  left.BlockInReceive("alice", "a");
  v1::Diagnosis diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  EXPECT_EQ(CallOf(diagnosis, "alice").evidence(0).peer().socket(), "b");
  // Anybody could send to b, but all are stuck.
  right.BlockInReceive("bob", "b");
  diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  *b.mutable_peer_address() = ParseAddress("10.0.0.1:1000").value();
  *b.mutable_local_address() = ParseAddress("10.0.0.2:53").value();
  diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(diagnosis.deadlocks(0).assumptions(0),
              HasSubstr("No datagram was under way"));
}

}  // namespace
}  // namespace standoff::client

// DiagnosisService over the wire, of many sockets and as many calls: joined in
// pairs, all on one socket, all in one poll, all at one listener.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis_service.pb.h"
#include "standoff/v1/host_service.pb.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/test_host.h"
#include "tests/why/ask_service.h"

namespace standoff::client {
namespace {

class HugeRequestTest : public ::testing::Test {
 protected:
  static constexpr int kMany = kMemoryIsInstrumented ? 1000 : 10'000;

  HugeRequestTest() {
    observation_.set_host("huge");
    v1::SnapshotResponse& look = *observation_.mutable_first();
    look.set_boot_id("boot");
    look.set_network_namespace(1);
    v1::NetworkInterface& interface = *look.add_interfaces();
    interface.set_name("eth0");
    interface.add_addresses("10.0.0.1");
  }

  v1::SocketDescription& AddSocket(uint32_t port, uint32_t peer_port) {
    v1::SnapshotResponse& look = *observation_.mutable_first();
    v1::SessionSocket& added = *look.add_sockets();
    added.set_session("default");
    v1::SocketDescription& socket = *added.mutable_socket();
    socket.set_name(absl::StrCat("s", look.sockets_size()));
    socket.set_family(v1::FAMILY_INET);
    socket.set_type(v1::SOCKET_TYPE_STREAM);
    socket.set_protocol(v1::PROTOCOL_TCP);
    socket.set_inode(static_cast<uint64_t>(look.sockets_size()));
    socket.mutable_tcp_info()->set_state(v1::TCP_STATE_ESTABLISHED);
    SetEnd(*socket.mutable_local_address(), port);
    if (peer_port != 0) SetEnd(*socket.mutable_peer_address(), peer_port);
    return socket;
  }
  static void SetEnd(v1::Address& address, uint32_t port) {
    address.mutable_ip()->set_host("10.0.0.1");
    address.mutable_ip()->set_port(port);
  }
  v1::Action& AddBlockedActor() {
    v1::SnapshotResponse& look = *observation_.mutable_first();
    v1::Operation& operation = *look.add_operations();
    const int number = look.operations_size();
    operation.set_id(static_cast<uint64_t>(number));
    operation.set_session("default");
    operation.set_actor(absl::StrCat("actor", number));
    operation.set_state(v1::OPERATION_STATE_BLOCKED);
    operation.mutable_block()->set_syscall("recvfrom");
    operation.mutable_block()->set_thread_id(number);
    v1::Actor& actor = *look.add_actors();
    actor.set_name(operation.actor());
    actor.set_session("default");
    actor.set_current_operation_id(operation.id());
    return *operation.mutable_action();
  }

  // Asks with two looks that are the same.
  v1::Diagnosis Ask() {
    *observation_.mutable_second() = observation_.first();
    observation_.mutable_second()->set_start_monotonic_ns(1);
    v1::DiagnoseRequest request;
    *request.add_hosts() = observation_;
    v1::Diagnosis diagnosis = Must(AskService(host_.host(), request));
    ExpectInRange(diagnosis);
    return diagnosis;
  }

  TestHost host_{{}, {.name = "host"}};
  v1::HostObservation observation_;
};

TEST_F(HugeRequestTest, Pairs) {
  for (uint32_t i = 0; i < kMany; i += 2) {
    AddSocket(1000 + i, 1001 + i);
    AddSocket(1001 + i, 1000 + i);
    AddBlockedActor().mutable_receive()->set_socket(absl::StrCat("s", i + 1));
    AddBlockedActor().mutable_receive()->set_socket(absl::StrCat("s", i + 2));
  }
  EXPECT_EQ(Ask().deadlocks_size(), kMany / 2);
}

TEST_F(HugeRequestTest, OneServersPort) {
  AddSocket(80, 0).set_listening(true);
  for (uint32_t i = 0; i < kMany; i += 2) {
    AddSocket(1000 + i, 80);
    AddSocket(80, 1000 + i);
    AddBlockedActor().mutable_receive()->set_socket(absl::StrCat("s", i + 2));
    AddBlockedActor().mutable_receive()->set_socket(absl::StrCat("s", i + 3));
  }
  EXPECT_EQ(Ask().deadlocks_size(), kMany / 2);
}

TEST_F(HugeRequestTest, AllOnOneSocket) {
  AddSocket(1000, 1001);
  AddSocket(1001, 1000);
  for (int i = 0; i < kMany; ++i) {
    AddBlockedActor().mutable_receive()->set_socket(i % 2 == 0 ? "s1" : "s2");
  }
  // Too many for a proof.
  EXPECT_EQ(Ask().blocked_size(), kMany);
}

TEST_F(HugeRequestTest, AllInOnePoll) {
  for (uint32_t i = 0; i < kMany; i += 2) {
    AddSocket(1000 + i, 1001 + i);
    AddSocket(1001 + i, 1000 + i);
  }
  v1::PollRequest& poll = *AddBlockedActor().mutable_poll();
  for (int i = 1; i <= kMany; ++i) {
    v1::PollItem& item = *poll.add_items();
    item.set_socket(absl::StrCat("s", i));
    item.add_events(v1::POLL_EVENT_IN);
  }
  EXPECT_EQ(Ask().blocked(0).evidence_size(), kMany);
}

TEST_F(HugeRequestTest, AllAtOneListener) {
  AddSocket(80, 0).set_listening(true);
  for (int i = 0; i < kMany; ++i) {
    AddBlockedActor().mutable_accept()->set_socket("s1");
  }
  const v1::Diagnosis diagnosis = Ask();
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(diagnosis.blocked_size(), kMany);
}

TEST_F(HugeRequestTest, AllConnectToOneListener) {
  AddSocket(80, 0).set_listening(true);
  for (uint32_t i = 0; i < kMany; ++i) {
    AddSocket(1000 + i, 80)
        .mutable_tcp_info()
        ->set_state(v1::TCP_STATE_SYN_SENT);
    AddBlockedActor().mutable_receive()->set_socket(absl::StrCat("s", i + 2));
    AddBlockedActor().mutable_accept()->set_socket("s1");
  }
  EXPECT_EQ(Ask().blocked_size(), 2 * kMany);
}

}  // namespace
}  // namespace standoff::client

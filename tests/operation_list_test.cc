// What the daemon tells of operations: where they sleep, and which there are
// and were.

#include <sys/syscall.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/action.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using v1::OPERATION_STATE_BLOCKED;
using v1::OPERATION_STATE_CANCELLED;
using v1::OPERATION_STATE_DONE;
using v1::OPERATION_STATE_QUEUED;

std::vector<uint64_t> IdsOf(const std::vector<v1::Operation>& operations) {
  std::vector<uint64_t> ids;
  for (const auto& operation : operations) ids.push_back(operation.id());
  return ids;
}

// The kernel's own words: /proc/PID/task/TID/wchan.
std::string WaitChannelOf(pid_t pid, pid_t thread) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/task/", thread, "/wchan"));
  std::string channel;
  std::getline(file, channel);
  return channel == "0" ? "" : channel;
}

class OperationListTest : public ::testing::Test {
 protected:
  // The thread in which an operation sleeps, as the kernel shows it.
  ThreadFacts ThreadOf(const v1::Block& block) const {
    for (const ThreadFacts& thread : ThreadsOf(host_.pid())) {
      if (thread.id == block.thread_id()) return thread;
    }
    ADD_FAILURE() << "the daemon has no thread " << block.thread_id();
    return {};
  }

  std::vector<uint64_t> ListIds(
      const v1::OperationServiceListRequest& request) const {
    return IdsOf(ListAll(host_.host(), request));
  }

  // The last one that is listed.
  v1::Operation Last() const { return ListAll(host_.host()).back(); }

  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
  RemoteActor actor_ = host_->Actor("an-actor_of.15:bytes-and-more");
};

TEST_F(OperationListTest, ShowsWhereAReceiveSleeps) {
  const int64_t before = Must(host_->GetClock()).monotonic_ns();
  const RemoteOperation receiving = StartBlocked(actor_, ReceiveOn(pair_.b));
  const v1::Operation operation = Must(receiving.Get());
  EXPECT_THAT(operation, InState(OPERATION_STATE_BLOCKED));
  const v1::Block& block = operation.block();
  EXPECT_EQ(block.syscall(), "recvfrom");
  EXPECT_EQ(ThreadOf(block).name, "an-actor_of.15:");
  EXPECT_EQ(ThreadOf(block).syscall, SYS_recvfrom);
  EXPECT_GE(operation.creation_monotonic_ns(), before);
  EXPECT_GE(operation.start_monotonic_ns(), operation.creation_monotonic_ns());
  EXPECT_GE(block.since_monotonic_ns(), operation.start_monotonic_ns());
  EXPECT_LE(block.since_monotonic_ns(), Must(host_->GetClock()).monotonic_ns());
  EXPECT_GT(block.elapsed().seconds() * 1'000'000'000 + block.elapsed().nanos(),
            0);
  EXPECT_FALSE(block.has_deadline_monotonic_ns());
  ASSERT_EQ(block.sockets_size(), 1);
  EXPECT_EQ(block.sockets(0).name(), pair_.b.name());
  EXPECT_EQ(block.sockets(0).receive_queue(), 0u);
  EXPECT_EQ(block.sockets(0).tcp_info().state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(block.sockets(0).waiting_calls(), 1u);
}

TEST_F(OperationListTest, ShowsTheQueuesOfABlockedSend) {
  const v1::Operation operation =
      Must(StartBlocked(actor_, EndlessSendOn(pair_.a)).Get());
  EXPECT_EQ(operation.block().syscall(), "sendto");
  ASSERT_EQ(operation.block().sockets_size(), 1);
  EXPECT_GT(operation.block().sockets(0).send_queue(), 0u);
  EXPECT_EQ(operation.block().sockets(0).receive_queue(), 0u);
}

TEST_F(OperationListTest, ShowsWhenATimeoutEndsIt) {
  Must(pair_.b.SetTimeout(3600));
  const v1::Operation operation =
      Must(StartBlocked(actor_, ReceiveOn(pair_.b)).Get());
  EXPECT_EQ(operation.block().syscall(), "ppoll");
  EXPECT_EQ(ThreadOf(operation.block()).syscall, SYS_ppoll);
  constexpr int64_t kHour = int64_t{3600} * 1'000'000'000;
  EXPECT_GE(operation.block().deadline_monotonic_ns(),
            operation.start_monotonic_ns() + kHour);
  EXPECT_LE(operation.block().deadline_monotonic_ns(),
            Must(host_->GetClock()).monotonic_ns() + kHour);
}

TEST_F(OperationListTest, ShowsAllSocketsOfAPoll) {
  const v1::Operation operation = Must(
      StartBlocked(actor_, PollOn({pair_.a.name(), pair_.b.name()})).Get());
  ASSERT_EQ(operation.block().sockets_size(), 2);
  EXPECT_EQ(operation.block().sockets(0).name(), pair_.a.name());
  EXPECT_EQ(operation.block().sockets(1).name(), pair_.b.name());
}

TEST_F(OperationListTest, ShowsTheWaitChannelThatTheKernelShows) {
  const v1::Operation operation =
      Must(StartBlocked(actor_, ReceiveOn(pair_.b)).Get());
  const std::string channel =
      WaitChannelOf(host_.pid(), operation.block().thread_id());
  EXPECT_EQ(operation.block().wait_channel(), channel);
}

TEST_F(OperationListTest, FiltersByWhatTheyAre) {
  const RemotePair other = ConnectedPair(host_.host(), kTcp4);
  const uint64_t first = Must(actor_.Start(SendOn(pair_.a, "x"))).id();
  const uint64_t second =
      StartBlocked(actor_, PollOn({other.a.name(), pair_.a.name()})).id();
  const uint64_t third = Must(actor_.Start(SendOn(pair_.b, "x"))).id();
  const uint64_t fourth =
      StartBlocked(host_->Actor("b"), ReceiveOn(other.a)).id();

  v1::OperationServiceListRequest by_actor;
  by_actor.set_actor(actor_.name());
  EXPECT_THAT(ListIds(by_actor), ElementsAre(first, second, third));
  by_actor.set_after_id(first);
  EXPECT_THAT(ListIds(by_actor), ElementsAre(second, third));
  by_actor.add_states(OPERATION_STATE_QUEUED);
  EXPECT_THAT(ListIds(by_actor), ElementsAre(third));

  v1::OperationServiceListRequest by_state;
  by_state.add_states(OPERATION_STATE_BLOCKED);
  EXPECT_THAT(ListIds(by_state), ElementsAre(second, fourth));
  by_state.add_states(OPERATION_STATE_QUEUED);
  EXPECT_THAT(ListIds(by_state), ElementsAre(second, third, fourth));

  v1::OperationServiceListRequest by_socket;
  by_socket.set_after_id(first - 1);
  by_socket.set_socket(pair_.a.name());
  EXPECT_THAT(ListIds(by_socket), ElementsAre(first, second));
  by_socket.set_socket(other.a.name());
  EXPECT_THAT(ListIds(by_socket), ElementsAre(second, fourth));
  by_socket.set_socket("no-such-socket");
  EXPECT_THAT(ListIds(by_socket), IsEmpty());
}

TEST_F(OperationListTest, FiltersBySession) {
  const RemoteSession session = Must(RemoteSession::Create(host_.host()));
  const uint64_t here = StartBlocked(actor_, PollOn({pair_.a.name()})).id();
  const uint64_t there =
      StartBlocked(session.host().Actor("a"), PollOn({})).id();
  v1::OperationServiceListRequest request;
  request.add_states(OPERATION_STATE_BLOCKED);
  EXPECT_THAT(ListIds(request), ElementsAre(here));
  request.set_session(session.name());
  EXPECT_THAT(ListIds(request), ElementsAre(there));
  EXPECT_EQ(ListAll(host_.host(), request)[0].session(), session.name());
  request.clear_session();
  request.set_all_sessions(true);
  EXPECT_THAT(ListIds(request), ElementsAre(here, there));
  // One's operations are not another's.
  EXPECT_THAT(host_->Operation(there).Get(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("id: ")));
  EXPECT_THAT(host_->Operation(there).Cancel(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("ids[0]: ")));
}

TEST_F(OperationListTest, Pages) {
  std::vector<v1::Action> program(25, MakeAction(SendOn(pair_.a, "x")));
  const auto started = Must(actor_.Start(program));
  EndedStates(host_.host(), started);
  v1::OperationServiceListRequest request;
  request.set_actor(actor_.name());
  request.set_page_size(10);
  std::vector<uint64_t> ids;
  std::vector<size_t> sizes;
  for (bool more = true; more;) {
    const v1::OperationServiceListResponse page =
        Must(host_->ListOperations(request));
    sizes.push_back(static_cast<size_t>(page.operations_size()));
    for (const auto& operation : page.operations()) {
      ids.push_back(operation.id());
    }
    request.set_after_id(ids.back());
    more = page.more();
  }
  EXPECT_THAT(sizes, ElementsAre(10, 10, 5));
  EXPECT_EQ(ids, client::IdsOf(started));
  // A page that is just full is the last one.
  request.set_after_id(0);
  request.set_page_size(25);
  EXPECT_FALSE(Must(host_->ListOperations(request)).more());
}

// While traffic wakes up those that were blocked.
TEST_F(OperationListTest, NoPageIsEmptyWithMoreToCome) {
  const RemotePair pair = ConnectedPair(host_.host(), kTcp4);
  Must(host_->Actor("sender").Start(EndlessSendOn(pair.a)));
  Must(host_->Actor("receiver").Start(EndlessReceiveOn(pair.b)));
  v1::OperationServiceListRequest request;
  request.add_states(OPERATION_STATE_BLOCKED);
  request.set_page_size(1);
  for (int i = 0; i < 300; ++i) {
    const v1::OperationServiceListResponse page =
        Must(host_->ListOperations(request));
    EXPECT_LE(page.operations_size(), 1);
    ASSERT_FALSE(page.more() && page.operations().empty()) << i;
  }
}

TEST_F(OperationListTest, LeavesOutWhatIsNotWanted) {
  StartBlocked(actor_, ReceiveOn(pair_.b));
  v1::OperationServiceListRequest request;
  request.set_brief(true);
  const auto listed = ListAll(host_.host(), request);
  EXPECT_GT(listed.size(), 1u);
  for (const v1::Operation& operation : listed) {
    EXPECT_FALSE(operation.has_action());
    EXPECT_FALSE(operation.has_block());
    EXPECT_FALSE(operation.has_reply());
    EXPECT_GT(operation.creation_monotonic_ns(), 0);
  }
}

TEST_F(OperationListTest, RefusesMalformedRequests) {
  v1::OperationServiceListRequest request;
  const auto refused = [](const char* field) {
    return Refused(absl::StatusCode::kInvalidArgument, HasSubstr(field));
  };
  request.set_page_size(-1);
  EXPECT_THAT(host_->ListOperations(request), refused("page_size: "));
  request.set_page_size(0);
  request.set_session("no-such-session");
  EXPECT_THAT(host_->ListOperations(request),
              Refused(absl::StatusCode::kNotFound, HasSubstr("session: ")));
  request.set_all_sessions(true);
  EXPECT_THAT(host_->ListOperations(request), refused("session: "));
}

TEST_F(OperationListTest, HasUnaryCallsInTheHistory) {
  Must(pair_.a.Send("hello"));
  const v1::Operation sent = Last();
  EXPECT_THAT(sent, InState(OPERATION_STATE_DONE));
  EXPECT_EQ(sent.actor(), "");
  EXPECT_EQ(sent.session(), "default");
  EXPECT_EQ(sent.action().send().data(), "hello");
  EXPECT_EQ(sent.reply().send().outcome().value(), 5);
  Must(pair_.b.Receive(100));
  EXPECT_EQ(Last().reply().receive().data(), "hello");
  // Refused ones, too.
  host_->Socket("no-such-socket").Send("x").IgnoreError();
  EXPECT_EQ(Last().reply().refusal().code_name(), "NOT_FOUND");
  // But for those that only look.
  const uint64_t last = Last().id();
  Must(pair_.a.Describe());
  EXPECT_THAT(host_->List(), IsOk());
  EXPECT_EQ(Last().id(), last);
  EXPECT_EQ(Must(actor_.Start(SendOn(pair_.a, "x"))).id(), last + 1);
}

TEST_F(OperationListTest, LeavesLongPayloadsOutOfTheHistory) {
  const std::string data(5000, 'x');
  EXPECT_THAT(pair_.a.SendAll(data), Returned(5000));
  EXPECT_EQ(Last().action().send().data(), "");
  EXPECT_EQ(Last().payload_bytes_left_out(), 5000u);
  EXPECT_THAT(pair_.b.ReceiveAll(5000), ReceivedData(data));
  EXPECT_EQ(Last().reply().receive().data(), "");
  EXPECT_EQ(Last().reply().receive().bytes_received(), 5000u);
  EXPECT_EQ(Last().payload_bytes_left_out(), 5000u);
  // What an actor received, its client has not got yet.
  Must(actor_.Start(SendOn(pair_.a, data)));
  EXPECT_THAT(Must(actor_.Start(ReceiveOn(pair_.b, 5000, true)))
                  .AwaitReply<v1::ReceiveResponse>(kPatience),
              ReceivedData(data));
}

// A call that hangs is found and ended by somebody else.
TEST_F(OperationListTest, FindsAndCancelsABlockedUnaryCall) {
  auto receiving = pair_.b.Async().ReceiveAll(100);
  Must(pair_.a.Send("part"));
  v1::OperationServiceListRequest request;
  request.set_socket(pair_.b.name());
  request.add_states(OPERATION_STATE_BLOCKED);
  v1::Operation found;
  ASSERT_TRUE(Eventually([&] {
    const auto listed = ListAll(host_.host(), request);
    if (listed.empty()) return false;
    found = listed[0];
    // It has taken the part.
    return Must(pair_.b.Describe()).socket().receive_queue() == 0;
  }));
  EXPECT_EQ(ThreadOf(found.block()).name, "Receive");
  const v1::Operation cancelled = Must(host_->Operation(found.id()).Cancel());
  EXPECT_THAT(cancelled, InState(OPERATION_STATE_CANCELLED));
  EXPECT_EQ(cancelled.reply().receive().data(), "part");
  EXPECT_THAT(receiving.Get(), WasCancelled());
  EXPECT_EQ(receiving.Get()->data(), "part");
}

}  // namespace
}  // namespace standoff::client

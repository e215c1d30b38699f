#include "server/operations/operation_table.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/testing/background_call.h"
#include "server/limits.h"
#include "server/operations/testing/test_operation.h"

namespace standoff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Operations = OperationTable::Operations;

// A host with tables of two sessions.
struct TestTables {
  explicit TestTables(const Limits& of_host = {}) : limits(of_host) {}

  // Makes operations of an actor in `table`, or fails.
  Operations Add(int count, const v1::Action& action = ReceiveAction()) {
    const std::vector<const v1::Action*> actions(static_cast<size_t>(count),
                                                 &action);
    auto operations =
        table.Add("a", "", std::make_shared<Program>(false), actions);
    EXPECT_EQ(operations.status(), absl::OkStatus());
    return operations.ok() ? *operations : Operations();
  }
  absl::Status StatusOfAdd(OperationTable& to, size_t count) {
    const v1::Action action = ReceiveAction();
    return to
        .Add("a", "", std::make_shared<Program>(false),
             std::vector<const v1::Action*>(count, &action))
        .status();
  }

  const Limits limits;
  OperationsOfHost host{limits};
  OperationTable table{"one", limits, host};
  OperationTable other{"other", limits, host};
};

void EndWith(const v1::ActionReply& reply, const Operations& operations) {
  for (const auto& operation : operations) {
    ASSERT_TRUE(operation->Begin());
    operation->End(reply);
  }
}

std::vector<uint64_t> IdsOf(const Operations& operations) {
  std::vector<uint64_t> ids;
  for (const auto& operation : operations) ids.push_back(operation->id());
  return ids;
}

TEST(OperationTableTest, IdsAreUniqueAndInOrder) {
  TestTables tables;
  EXPECT_THAT(IdsOf(tables.Add(2)), ElementsAre(1, 2));
  EXPECT_EQ((*tables.other.AddUnary(ReceiveAction()))->id(), 3u);
  EXPECT_THAT(IdsOf(tables.Add(2)), ElementsAre(4, 5));
  EXPECT_THAT(IdsOf(tables.table.All()), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(IdsOf(tables.other.All()), ElementsAre(3));
}

TEST(OperationTableTest, FindsItsOwn) {
  TestTables tables;
  const Operations added = tables.Add(3);
  EXPECT_EQ(*tables.table.Find(2, "id"), added[1]);
  EndWith(GoodReply(), added);
  EXPECT_EQ(*tables.table.Find(2, "id"), added[1]);
  EXPECT_EQ(added[1]->ToProto().session(), "one");
}

TEST(OperationTableTest, SaysWhatItDoesNotFind) {
  TestTables tables;
  tables.Add(3);
  const absl::Status unknown = tables.other.Find(3, "ids[7]").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(unknown.message(),
              AllOf(HasSubstr("ids[7]"), HasSubstr("operation 3"),
                    HasSubstr("--max_history_operations"),
                    HasSubstr("--max_session_history_bytes")));
  const absl::Status zero = tables.table.Find(0, "id").status();
  EXPECT_EQ(zero.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(zero.message(), HasSubstr("id: is missing"));
}

TEST(OperationTableTest, InProgressUntilTheyHaveEnded) {
  TestTables tables;
  const Operations added = tables.Add(3);
  EXPECT_EQ(tables.table.in_progress(), 3);
  EXPECT_EQ(tables.host.in_progress.in_use(), 3);
  EndWith(GoodReply(), {added[1]});
  added[2]->Cancel();
  EXPECT_THAT(IdsOf(tables.table.InProgress()), ElementsAre(1));
  EXPECT_EQ(tables.table.in_progress(), 1);
  EXPECT_EQ(tables.host.in_progress.in_use(), 1);
  EXPECT_THAT(IdsOf(tables.table.All()), ElementsAre(1, 2, 3));
}

TEST(OperationTableTest, KeepsTheLastOfItsHistory) {
  TestTables tables({.max_history_operations = 3});
  const Operations added = tables.Add(6);
  // The order is that of their ends.
  EndWith(GoodReply(), {added[4], added[0], added[1], added[2]});
  EXPECT_THAT(IdsOf(tables.table.All()), ElementsAre(1, 2, 3, 4, 6));
  EXPECT_EQ(tables.table.dropped(), 1u);
  EndWith(GoodReply(), {added[3]});
  EXPECT_THAT(IdsOf(tables.table.All()), ElementsAre(2, 3, 4, 6));
  EXPECT_EQ(tables.table.dropped(), 2u);
  EXPECT_EQ(tables.table.Find(1, "id").status().code(),
            absl::StatusCode::kNotFound);
  // What is in progress is not dropped.
  EXPECT_TRUE(tables.table.Find(6, "id").ok());
  EXPECT_EQ(tables.other.dropped(), 0u);
}

TEST(OperationTableTest, BoundsTheBytesOfItsHistory) {
  constexpr int64_t kLimit = 100'000;
  TestTables tables({.max_session_history_bytes = kLimit});
  const auto reply =
      ReceiveReply(v1::ENDING_RETURNED, std::string(30'000, 'x'));
  EndWith(reply, tables.Add(3));
  EXPECT_EQ(tables.table.dropped(), 0u);
  EXPECT_GE(tables.host.history_bytes.in_use(), 90'000);
  EndWith(reply, tables.Add(3));
  EXPECT_THAT(IdsOf(tables.table.All()), ElementsAre(4, 5, 6));
  EXPECT_EQ(tables.table.dropped(), 3u);
  EXPECT_LE(tables.host.history_bytes.in_use(), kLimit);
}

TEST(OperationTableTest, DropsOneThatIsTooLargeAlone) {
  TestTables tables({.max_session_history_bytes = 10'000});
  const Operations added = tables.Add(2);
  EndWith(ReceiveReply(v1::ENDING_RETURNED, std::string(20'000, 'x')),
          {added[0]});
  EXPECT_THAT(IdsOf(tables.table.All()), ElementsAre(2));
  EXPECT_EQ(tables.table.dropped(), 1u);
  EXPECT_EQ(tables.host.history_bytes.in_use(), 0);
  // Who has it can still look at it.
  EXPECT_EQ(added[0]->ToProto().reply().receive().data().size(), 20'000u);
}

TEST(OperationTableTest, BoundsTheBytesOfAllHistories) {
  TestTables tables({.max_history_bytes = 50'000});
  const auto reply =
      ReceiveReply(v1::ENDING_RETURNED, std::string(30'000, 'x'));
  const auto of_other = *tables.other.AddUnary(ReceiveAction());
  of_other->End(reply);
  // Only one's own make room.
  EndWith(reply, tables.Add(1));
  EXPECT_THAT(tables.table.All(), IsEmpty());
  EXPECT_EQ(tables.table.dropped(), 1u);
  EXPECT_EQ(tables.other.All().size(), 1u);
}

TEST(OperationTableTest, CountsAReplyThatIsKeptLater) {
  TestTables tables({.max_session_history_bytes = 50'000});
  const auto first = *tables.table.AddUnary(ReceiveAction());
  const auto second = *tables.table.AddUnary(ReceiveAction());
  const auto whole =
      ReceiveReply(v1::ENDING_RETURNED, std::string(30'000, 'x'));
  first->End(whole, Payload::kLeftOut);
  second->End(whole, Payload::kLeftOut);
  EXPECT_EQ(tables.table.dropped(), 0u);
  second->KeepWholeReply(whole);
  EXPECT_EQ(tables.table.dropped(), 0u);
  EXPECT_GE(tables.host.history_bytes.in_use(), 30'000);
  first->KeepWholeReply(whole);
  EXPECT_EQ(tables.table.dropped(), 1u);
  EXPECT_LE(tables.host.history_bytes.in_use(), 50'000);
  // Of one that has left, nothing is counted.
  first->KeepWholeReply(whole);
  EXPECT_EQ(tables.table.dropped(), 1u);
}

TEST(OperationTableTest, RefusesMoreThanItsLimit) {
  TestTables tables({.max_session_operations = 3});
  const Operations added = tables.Add(2);
  const absl::Status refused = tables.StatusOfAdd(tables.table, 2);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("limit 3"),
                                       HasSubstr("--max_session_operations")));
  // None of them was made.
  EXPECT_EQ(tables.table.All().size(), 2u);
  EXPECT_EQ(tables.table.in_progress(), 2);
  EXPECT_EQ(tables.StatusOfAdd(tables.other, 3), absl::OkStatus());
  // What has ended makes room.
  EndWith(GoodReply(), {added[0]});
  EXPECT_EQ(tables.StatusOfAdd(tables.table, 2), absl::OkStatus());
}

TEST(OperationTableTest, RefusesMoreThanTheLimitOfTheHost) {
  TestTables tables({.max_operations = 3});
  tables.Add(2);
  const absl::Status refused = tables.StatusOfAdd(tables.other, 2);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("limit 3"), HasSubstr("--max_operations")));
  EXPECT_EQ(tables.host.in_progress.in_use(), 2);
  EXPECT_EQ(tables.StatusOfAdd(tables.other, 1), absl::OkStatus());
}

// They are bounded by something else.
TEST(OperationTableTest, RefusesNoUnaryCall) {
  TestTables tables({.max_session_operations = 1});
  tables.Add(1);
  EXPECT_TRUE(tables.table.AddUnary(ReceiveAction()).ok());
  EXPECT_EQ(tables.table.in_progress(), 2);
}

// Nobody can find it queued, and cancel it before it begins.
TEST(OperationTableTest, AUnaryCallHasBegun) {
  TestTables tables;
  const auto operation =
      *tables.table.AddUnary(SendAction(std::string(4000, 'x')));
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_RUNNING);
  EXPECT_EQ(operation->ToProto().payload_bytes_left_out(), 4000u);
  operation->Cancel();
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_RUNNING);
  operation->End(GoodReply());
  EXPECT_TRUE(tables.table.WaitUntilEnded(absl::ZeroDuration()));
}

TEST(OperationTableTest, RefusesAllAfterClose) {
  TestTables tables;
  tables.table.Close();
  const absl::Status refused = tables.StatusOfAdd(tables.table, 1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(refused.message(), HasSubstr("'one'"));
  EXPECT_EQ(tables.table.AddUnary(ReceiveAction()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(tables.table.in_progress(), 0);
  EXPECT_EQ(tables.StatusOfAdd(tables.other, 1), absl::OkStatus());
}

TEST(OperationTableTest, WaitsUntilAllHaveEnded) {
  TestTables tables({.max_history_operations = 1});
  EXPECT_TRUE(tables.table.WaitUntilEnded(absl::ZeroDuration()));
  const Operations added = tables.Add(3);
  EndWith(GoodReply(), {added[0], added[1]});
  EXPECT_FALSE(tables.table.WaitUntilEnded(absl::Milliseconds(1)));
  BackgroundCall waiting(
      [&] { return tables.table.WaitUntilEnded(absl::Minutes(1)); });
  EndWith(GoodReply(), {added[2]});
  EXPECT_TRUE(waiting.Join());
}

}  // namespace
}  // namespace standoff

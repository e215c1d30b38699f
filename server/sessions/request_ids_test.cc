#include "server/sessions/request_ids.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using OperationIds = RequestIds::OperationIds;

constexpr size_t kFingerprint = 7;

class RequestIdsTest : public ::testing::Test {
 protected:
  // A request with that id. Each that starts something gets the next number.
  absl::StatusOr<RequestIds::Started> Start(const std::string& request_id,
                                            size_t fingerprint = kFingerprint) {
    return ids_.Once(request_id, fingerprint,
                     [this] { return OperationIds{++started_}; });
  }

  RequestIds ids_;
  std::atomic<uint64_t> started_ = 0;
};

TEST_F(RequestIdsTest, StartsOnce) {
  const auto first = Start("a");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->ids, ElementsAre(1));
  EXPECT_FALSE(first->earlier);
  const auto again = Start("a");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->ids, ElementsAre(1));
  EXPECT_TRUE(again->earlier);
  EXPECT_EQ(started_, 1u);
}

TEST_F(RequestIdsTest, AnotherIdStartsAnother) {
  ASSERT_TRUE(Start("a").ok());
  const auto other = Start("b");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_THAT(other->ids, ElementsAre(2));
  EXPECT_FALSE(other->earlier);
}

TEST_F(RequestIdsTest, RefusesAnIdForAnotherRequest) {
  ASSERT_TRUE(Start("a").ok());
  const absl::Status refused = Start("a", kFingerprint + 1).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("request_id"), HasSubstr("'a'")));
  EXPECT_EQ(started_, 1u);
}

TEST_F(RequestIdsTest, ForgetsOneThatFailed) {
  const auto failed = ids_.Once("a", kFingerprint, [] {
    return absl::ResourceExhaustedError("no room");
  });
  EXPECT_EQ(failed.status(), absl::ResourceExhaustedError("no room"));
  const auto again = Start("a", kFingerprint + 1);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->earlier);
}

TEST_F(RequestIdsTest, RemembersTheLastTenThousand) {
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(Start(absl::StrCat("id", i)).ok());
  }
  EXPECT_TRUE(Start("id0")->earlier);
  EXPECT_FALSE(Start("one more")->earlier);
  EXPECT_FALSE(Start("id0")->earlier);
  EXPECT_TRUE(Start("id9999")->earlier);
}

TEST_F(RequestIdsTest, ManyThreadsStartOnce) {
  constexpr int kIds = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int id = 0; id < kIds; ++id) {
        EXPECT_TRUE(Start(absl::StrCat("id", id)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(started_, uint64_t{kIds});
}

}  // namespace
}  // namespace standoff

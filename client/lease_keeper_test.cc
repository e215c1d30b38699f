#include "client/lease_keeper.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using Clock = std::chrono::steady_clock;

// Answers renewals as a test tells it.
class Daemon {
 public:
  LeaseKeeper::Renew Renewal() {
    return [this](const CallOptions& options) {
      std::lock_guard<std::mutex> lock(mutex_);
      ++renewals_;
      deadline_ = options.deadline;
      changed_.notify_all();
      return Call<v1::KeepAliveResponse>::Begin(
          "left: KeepAlive", options, nullptr,
          [this](grpc::ClientContext*, Reply<v1::KeepAliveResponse>* reply,
                 std::function<void(grpc::Status)> callback) {
            reply->is_readable = true;
            callback(answer_);
          });
    };
  }

  void Answer(const grpc::Status& answer) {
    std::lock_guard<std::mutex> lock(mutex_);
    answer_ = answer;
  }

  int AwaitRenewals(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20),
                      [&] { return renewals_ >= count; });
    return renewals_;
  }

  absl::Duration deadline() {
    std::lock_guard<std::mutex> lock(mutex_);
    return deadline_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`.
  int renewals_ = 0;
  absl::Duration deadline_;
  grpc::Status answer_;
};

// Asks until the status has this code. False if it never has.
bool StatusBecomes(const LeaseKeeper& keeper, absl::StatusCode code) {
  const auto end = Clock::now() + std::chrono::seconds(20);
  while (keeper.Status().code() != code) {
    if (Clock::now() > end) return false;
  }
  return true;
}

TEST(LeaseKeeperTest, RenewsAtAThirdOfTheLease) {
  Daemon daemon;
  const Clock::time_point start = Clock::now();
  LeaseKeeper keeper(daemon.Renewal(), absl::Milliseconds(150), start);
  EXPECT_GE(daemon.AwaitRenewals(3), 3);
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(150));
  EXPECT_EQ(daemon.deadline(), absl::Milliseconds(50));
}

TEST(LeaseKeeperTest, IsOkAsLongAsTheLeaseIs) {
  Daemon daemon;
  daemon.Answer(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"));
  LeaseKeeper keeper(daemon.Renewal(), absl::Hours(1), Clock::now());
  EXPECT_TRUE(keeper.Status().ok());
}

TEST(LeaseKeeperTest, SaysWhenItCouldNotRenewInTimeAndWhenItCanAgain) {
  Daemon daemon;
  daemon.Answer(grpc::Status(grpc::StatusCode::UNAVAILABLE, "refused"));
  LeaseKeeper keeper(daemon.Renewal(), absl::Milliseconds(30), Clock::now());
  EXPECT_TRUE(StatusBecomes(keeper, absl::StatusCode::kUnavailable));
  daemon.AwaitRenewals(2);
  EXPECT_NE(keeper.Status().message().find("refused"), std::string::npos)
      << keeper.Status();
  daemon.Answer(grpc::Status::OK);
  EXPECT_TRUE(StatusBecomes(keeper, absl::StatusCode::kOk));
}

TEST(LeaseKeeperTest, EndsWhenTheSessionIsGone) {
  Daemon daemon;
  daemon.Answer(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such session"));
  LeaseKeeper keeper(daemon.Renewal(), absl::Milliseconds(30), Clock::now());
  EXPECT_TRUE(StatusBecomes(keeper, absl::StatusCode::kNotFound));
  // For good, whatever comes later.
  daemon.Answer(grpc::Status::OK);
  EXPECT_TRUE(absl::IsNotFound(keeper.Status()));
}

TEST(LeaseKeeperTest, EndsAtOnceWhenDestroyed) {
  Daemon daemon;
  const Clock::time_point start = Clock::now();
  { LeaseKeeper keeper(daemon.Renewal(), absl::Hours(24), start); }
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace standoff::client

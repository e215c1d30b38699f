#include "server/descriptor_reserve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "lib/outcome.h"

namespace standoff {
namespace {

// Opens files under a low limit, until there is none to be had.
class CheckDescriptorsTest : public ::testing::Test {
 protected:
  static constexpr int kLimit = 160;
  static constexpr int kReserve = kLimit / 8;

  CheckDescriptorsTest() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = kLimit;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~CheckDescriptorsTest() override {
    for (const int fd : fds_) close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }

  // Opens files up to the number `last`.
  void OpenUpTo(int last) {
    int fd = -1;
    do {
      fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
      ASSERT_GE(fd, 0);
      fds_.push_back(fd);
    } while (fd < last);
  }

  std::vector<int> fds_;
  rlimit before_ = {};
};

TEST_F(CheckDescriptorsTest, GivesDescriptorsAwayUpToTheReserve) {
  EXPECT_FALSE(CheckDescriptors(1).has_value());
  OpenUpTo(kLimit - kReserve - 2);
  // One is left.
  EXPECT_FALSE(CheckDescriptors(1, 1).has_value());
  EXPECT_TRUE(CheckDescriptors(1, 2).has_value());
  OpenUpTo(kLimit - kReserve - 1);
  const std::optional<Outcome> refused = CheckDescriptors(1, 1);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->ending, Ending::kFailed);
  EXPECT_EQ(refused->error, EMFILE);
  EXPECT_EQ(refused->value, -1);
}

TEST_F(CheckDescriptorsTest, RefusesAlsoWhenNoneIsLeft) {
  OpenUpTo(kLimit - 1);
  EXPECT_TRUE(CheckDescriptors(1).has_value());
  // A gap below the reserve is for the taking.
  close(fds_[0]);
  fds_.erase(fds_.begin());
  EXPECT_FALSE(CheckDescriptors(1).has_value());
}

// Sockets that accepts wait for have no descriptors yet.
TEST_F(CheckDescriptorsTest, CountsSocketsToCome) {
  EXPECT_FALSE(CheckDescriptors(kLimit - kReserve - 20).has_value());
  EXPECT_TRUE(CheckDescriptors(kLimit - kReserve).has_value());
}

}  // namespace
}  // namespace standoff

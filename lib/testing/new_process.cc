#include "lib/testing/new_process.h"

#include <unistd.h>

#include <cstdlib>

#include "gtest/gtest.h"

namespace standoff {

void RunInNewProcess(void (*check)()) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto run = [&] {
    alarm(120);
    check();
    std::exit(::testing::Test::HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

}  // namespace standoff

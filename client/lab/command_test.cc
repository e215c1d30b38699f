#include "client/lab/command.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/lab/find_program.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

TEST(RunCommandTest, ReturnsWhatBecameOfIt) {
  absl::StatusOr<CommandResult> result =
      RunCommand({"sh", "-c", "echo out; echo err >&2; exit 4"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status.code, 4);
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(result->errors, "err\n");
}

TEST(RunCommandTest, EndsInTime) {
  absl::StatusOr<CommandResult> result =
      RunCommand({"sleep", "1000"}, absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(result.status()));
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr("sleep 1000: "));
}

TEST(MustRunTest, ReturnsTheOutput) {
  EXPECT_EQ(*MustRun({"echo", "hello"}), "hello\n");
}

TEST(MustRunTest, SaysWhatFailed) {
  absl::StatusOr<std::string> output =
      MustRun({"sh", "-c", "echo no luck >&2; exit 2"});
  EXPECT_TRUE(absl::IsInternal(output.status()));
  EXPECT_THAT(std::string(output.status().message()),
              HasSubstr("exit status 2: no luck"));
}

TEST(FindProgramTest, FindsAdministratorsPrograms) {
  // Not on the PATH of ordinary users.
  EXPECT_TRUE(FindProgram("ip").ok());
  EXPECT_TRUE(absl::IsNotFound(FindProgram("no-such-program").status()));
  EXPECT_EQ(*FindProgram("/bin/sh"), "/bin/sh");
  EXPECT_TRUE(absl::IsNotFound(FindProgram("/no/such/program").status()));
}

}  // namespace
}  // namespace standoff::client

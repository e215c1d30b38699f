#include "client/lab/process.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

Process Start(const ProcessOptions& options) {
  absl::StatusOr<Process> process = Process::Start(options);
  EXPECT_TRUE(process.ok()) << process.status();
  if (!process.ok()) std::abort();
  return *std::move(process);
}

// A shell that runs `script`.
ProcessOptions Shell(const std::string& script) {
  ProcessOptions options;
  options.command = {"sh", "-c", script};
  return options;
}

TEST(ProcessTest, TellsHowItExited) {
  Process process = Start(Shell("exit 3"));
  EXPECT_EQ(*process.Wait(kPatience), (ExitStatus{.code = 3, .signal = 0}));
  EXPECT_EQ(process.Wait(absl::ZeroDuration())->ToString(), "exit status 3");
}

TEST(ProcessTest, TellsWhichSignalEndedIt) {
  Process process = Start({.command = {"sleep", "1000"}});
  process.Signal(SIGTERM);
  EXPECT_EQ(*process.Wait(kPatience),
            (ExitStatus{.code = -1, .signal = SIGTERM}));
  EXPECT_EQ(process.Wait(kPatience)->ToString(),
            "ended by signal 15 (SIGTERM)");
  process.Signal(SIGTERM);  // Goes nowhere.
}

TEST(ProcessTest, WaitEndsInTime) {
  Process process = Start({.command = {"sleep", "1000"}});
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(process.Wait(absl::Milliseconds(10)).status()));
}

TEST(ProcessTest, MissingProgramsAreNotFound) {
  EXPECT_TRUE(absl::IsNotFound(
      Process::Start({.command = {"no-such-program"}}).status()));
  EXPECT_TRUE(absl::IsNotFound(
      Process::Start({.command = {"/no/such/program"}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Process::Start({}).status()));
}

TEST(ProcessTest, KeepsTheOutputs) {
  Process process = Start(Shell("echo out; echo err >&2"));
  ASSERT_TRUE(process.Wait(kPatience).ok());
  EXPECT_EQ(process.Output(), "out\n");
  EXPECT_EQ(process.Errors(), "err\n");
}

TEST(ProcessTest, KeepsMoreOutputThanAPipeHolds) {
  Process process = Start(Shell("head -c 1000000 /dev/zero"));
  ASSERT_TRUE(process.Wait(kPatience).ok());
  EXPECT_EQ(process.Output().size(), 1000000u);
}

TEST(ProcessTest, ReadsLineByLine) {
  ProcessOptions options = Shell("echo one; echo; printf three");
  options.standard_output = Stream::kPipe;
  Process process = Start(options);
  EXPECT_EQ(*process.ReadLine(kPatience), "one");
  EXPECT_EQ(*process.ReadLine(kPatience), "");
  EXPECT_EQ(*process.ReadLine(kPatience), "three");
  EXPECT_TRUE(absl::IsOutOfRange(process.ReadLine(kPatience).status()));
}

TEST(ProcessTest, WaitsForALineNoLongerThanItMay) {
  ProcessOptions options = Shell("printf part; exec cat");
  options.standard_input = Stream::kPipe;
  options.standard_output = Stream::kPipe;
  Process process = Start(options);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      process.ReadLine(absl::Milliseconds(10)).status()));
  process.CloseInput();
  EXPECT_EQ(*process.ReadLine(kPatience), "part");
}

TEST(ProcessTest, IsWrittenTo) {
  ProcessOptions options;
  options.command = {"cat"};
  options.standard_input = Stream::kPipe;
  options.standard_output = Stream::kPipe;
  Process process = Start(options);
  ASSERT_TRUE(process.Write("one\n").ok());
  EXPECT_EQ(*process.ReadLine(kPatience), "one");
}

TEST(ProcessTest, EndsWithItsInput) {
  ProcessOptions options;
  options.command = {"cat"};
  options.standard_input = Stream::kPipe;
  Process process = Start(options);
  // It would otherwise hold the first one's input open.
  Process other = Start(options);
  process.CloseInput();
  EXPECT_TRUE(process.Wait(kPatience)->ok());
}

TEST(ProcessTest, PassesTheEnvironmentOn) {
  setenv("STANDOFF_KEPT", "kept", 1);
  setenv("STANDOFF_CHANGED", "before", 1);
  ProcessOptions options =
      Shell("echo $STANDOFF_KEPT $STANDOFF_CHANGED $STANDOFF_NEW");
  options.environment = {"STANDOFF_CHANGED=after", "STANDOFF_NEW=new"};
  Process process = Start(options);
  ASSERT_TRUE(process.Wait(kPatience).ok());
  EXPECT_EQ(process.Output(), "kept after new\n");
}

TEST(ProcessTest, InheritsNeitherDescriptorsNorIgnoredSignals) {
  signal(SIGPIPE, SIG_IGN);
  Process process =
      Start(Shell("ls /proc/self/fd; kill -PIPE $$; echo not reached"));
  signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(process.Wait(kPatience)->signal, SIGPIPE);
  // 3 is the folder that ls reads.
  EXPECT_EQ(process.Output(), "0\n1\n2\n3\n");
}

TEST(ProcessTest, IsInAProcessGroupOfItsOwn) {
  Process process = Start({.command = {"sleep", "1000"}});
  EXPECT_EQ(getpgid(process.pid()), process.pid());
}

TEST(ProcessTest, IsKilledAndReapedWhenDestroyed) {
  pid_t pid;
  {
    Process process = Start({.command = {"sleep", "1000"}});
    pid = process.pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(ProcessTest, IsMoved) {
  Process first = Start(Shell("exit 1"));
  Process second = Start(Shell("exit 2"));
  const pid_t replaced = second.pid();
  second = std::move(first);
  EXPECT_EQ(kill(replaced, 0), -1);
  EXPECT_EQ(second.Wait(kPatience)->code, 1);
}

TEST(ProcessTest, DiesWithItsOwner) {
  // The owner is a thread's child here, and must not die with that thread.
  ProcessOptions options;
  options.command = {"cat"};
  options.standard_input = Stream::kPipe;
  options.die_with_owner = true;
  std::vector<Process> processes;
  std::thread([&] { processes.push_back(Start(options)); }).join();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      processes.front().Wait(absl::Milliseconds(50)).status()));
  processes.front().CloseInput();
  EXPECT_TRUE(processes.front().Wait(kPatience)->ok());
}

TEST(ProcessTest, AWrappedCommandKeepsItsArgumentsAndItsPid) {
  ProcessOptions options;
  options.command = {"sh", "-c", R"(echo $$ "$1" "$2")", "sh", "a b", "$HOME"};
  options.die_with_owner = true;
  Process process = Start(options);
  EXPECT_TRUE(process.Wait(kPatience)->ok()) << process.Errors();
  EXPECT_EQ(process.Output(), absl::StrCat(process.pid(), " a b $HOME\n"));
}

}  // namespace
}  // namespace standoff::client

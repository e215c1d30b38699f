#include "server/processes/proc_files.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

// Of Linux 6.1, shortened.
constexpr absl::string_view kStatus =
    "Name:\tpython3\\nUid:\t7\n"
    "Umask:\t0022\n"
    "State:\tS (sleeping)\n"
    "Tgid:\t2501\n"
    "Pid:\t2501\n"
    "Uid:\t1000\t1001\t1002\t1003\n"
    "Gid:\t4\t5\t6\t7\n"
    "VmPeak:\t   16268 kB\n"
    "VmSize:\t   16268 kB\n"
    "Threads:\t1\n"
    "voluntary_ctxt_switches:\t120\n"
    "nonvoluntary_ctxt_switches:\t3\n";

TEST(StatusFileTest, OfAProcess) {
  const StatusFile status = ParseStatus(kStatus);
  EXPECT_EQ(status.state, 'S');
  EXPECT_EQ(status.effective_user_id, 1001u);
  EXPECT_EQ(status.context_switches, 123u);
  EXPECT_TRUE(status.has_memory);
}

TEST(StatusFileTest, OfAThreadOfTheKernel) {
  const StatusFile status = ParseStatus(
      "Name:\tkworker/0:1\nState:\tI (idle)\nUid:\t0\t0\t0\t0\n"
      "voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t0\n");
  EXPECT_EQ(status.state, 'I');
  EXPECT_FALSE(status.has_memory);
}

TEST(StatusFileTest, OfNothing) {
  for (const absl::string_view text : {"", "\n\n", "State:\nUid:\t\n", ":"}) {
    const StatusFile status = ParseStatus(text);
    EXPECT_EQ(status.state, 0);
    EXPECT_EQ(status.context_switches, 0u);
  }
}

TEST(SyscallFileTest, AsleepInACall) {
  const SyscallFile call = ParseSyscall(
      "45 0x3 0x7ffd5d2a6f10 0x400 0x0 0x0 0xffffffffffffffff "
      "0x7ffd5d2a6e80 0x7f3a2a1e2c4e\n");
  EXPECT_EQ(call.number, 45);
  EXPECT_EQ(call.arguments[0], 3u);
  EXPECT_EQ(call.arguments[1], 0x7ffd5d2a6f10u);
  EXPECT_EQ(call.arguments[2], 0x400u);
  EXPECT_EQ(call.arguments[5], ~uint64_t{0});
}

TEST(SyscallFileTest, InNone) {
  EXPECT_EQ(ParseSyscall("running\n").number, -1);
  // Of a thread that sleeps in a page fault.
  EXPECT_EQ(ParseSyscall("-1 0x7ffd5d2a6e80 0x7f3a2a1e2c4e\n").number, -1);
  EXPECT_EQ(ParseSyscall("").number, -1);
  EXPECT_EQ(ParseSyscall("45 0x3\n").number, -1);
  EXPECT_EQ(ParseSyscall("x 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n").number, -1);
}

TEST(EpollInterestsTest, OfLinux6) {
  const std::vector<EpollInterest> interests = ParseEpollInterests(
      "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t1039\n"
      "tfd:        4 events: 80000019 data:                4  pos:0 ino:75a96a "
      "sdev:9\n"
      "tfd:       16 events:       1d data: ffffffffffffffff  pos:-1 ino:2 "
      "sdev:f\n"
      "tfd:        5 events: 40000000 data:                5  pos:0 ino:75a96b "
      "sdev:9\n");
  ASSERT_EQ(interests.size(), 3u);
  EXPECT_EQ(interests[0].fd, 4);
  EXPECT_EQ(interests[0].events, 0x80000019u);
  ASSERT_TRUE(interests[0].file.has_value());
  EXPECT_EQ(interests[0].file->inode, 0x75a96au);
  EXPECT_EQ(interests[0].file->device, 9u);
  EXPECT_EQ(interests[1].fd, 16);
  EXPECT_EQ(interests[1].events, 0x1du);
  EXPECT_EQ(interests[1].file->device, 15u);
  EXPECT_EQ(interests[2].events, 0x40000000u);
}

TEST(EpollInterestsTest, OfOldKernels) {
  const std::vector<EpollInterest> interests = ParseEpollInterests(
      "pos:\t0\nflags:\t02\ntfd:        5 events:       1d data: "
      "ffffffffffffffff\n");
  ASSERT_EQ(interests.size(), 1u);
  EXPECT_EQ(interests[0].fd, 5);
  EXPECT_EQ(interests[0].events, 0x1du);
  EXPECT_FALSE(interests[0].file.has_value());
}

TEST(EpollInterestsTest, OfSomethingElse) {
  EXPECT_TRUE(ParseEpollInterests("").empty());
  EXPECT_TRUE(ParseEpollInterests("pos:\t0\nflags:\t02\n").empty());
  // Cut off.
  EXPECT_TRUE(ParseEpollInterests("tfd:").empty());
  EXPECT_TRUE(ParseEpollInterests("tfd:  x events: 1\n").empty());
}

template <typename Word>
std::string Auxv(Word header_size) {
  // AT_HWCAP, AT_PAGESZ, AT_PHDR, AT_PHENT, AT_NULL.
  const Word words[] = {16, 4, 6, 4096, 3, 0x1000, 4, header_size, 0, 0};
  return std::string(reinterpret_cast<const char*>(words), sizeof words);
}

TEST(AuxvTest, TellsProgramsOf32Bits) {
  EXPECT_TRUE(Is32Bit(Auxv<uint32_t>(32)));
  EXPECT_FALSE(Is32Bit(Auxv<uint64_t>(56)));
  EXPECT_FALSE(Is32Bit(""));
  EXPECT_FALSE(Is32Bit("odd"));
}

}  // namespace
}  // namespace standoff

#include "server/processes/proc_files.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
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
    "TracerPid:\t77\n"
    "Threads:\t1\n"
    "SigIgn:\t0000000000001000\n"
    "SigCgt:\t0000000010002000\n"
    "voluntary_ctxt_switches:\t120\n"
    "nonvoluntary_ctxt_switches:\t3\n";

TEST(StatusFileTest, OfAProcess) {
  const StatusFile status = ParseStatus(kStatus);
  EXPECT_EQ(status.state, 'S');
  EXPECT_EQ(status.effective_user_id, 1001u);
  EXPECT_EQ(status.context_switches, 123u);
  EXPECT_TRUE(status.has_memory);
  EXPECT_EQ(status.tracer, 77);
  EXPECT_TRUE(status.Catches(SIGALRM));
  EXPECT_TRUE(status.Catches(SIGIO));
  EXPECT_FALSE(status.Catches(SIGPIPE));
  EXPECT_FALSE(status.Catches(SIGCHLD));
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

// Of Linux 6.18.
constexpr absl::string_view kStat =
    "2501 (a) Z (b) S 2499 2501 2499 34816 2501 4194304 106 0 0 0 0 0 0 0 20 0 "
    "3 0 1053216 3133440 409 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(StatFileTest, OfAProcess) {
  const std::optional<StatFile> stat = ParseStat(kStat);
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 2499);
  EXPECT_FALSE(stat->is_kernels);
  EXPECT_EQ(stat->threads, 3);
  EXPECT_EQ(stat->start_time, 1053216u);
}

TEST(StatFileTest, OfTheKernels) {
  const std::optional<StatFile> stat = ParseStat(
      "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 20 0 0 20 0 1 0 3 0 0\n");
  ASSERT_TRUE(stat.has_value());
  EXPECT_TRUE(stat->is_kernels);
  EXPECT_EQ(stat->parent, 0);
}

TEST(StatFileTest, OfOnesOwn) {
  std::ifstream file("/proc/self/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::optional<StatFile> stat = ParseStat(text);
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->state, 'R');
  EXPECT_EQ(stat->parent, getppid());
  EXPECT_FALSE(stat->is_kernels);
  EXPECT_EQ(stat->threads, 1);
  EXPECT_GT(stat->start_time, 0u);
}

TEST(StatFileTest, OfNothing) {
  EXPECT_FALSE(ParseStat("").has_value());
  EXPECT_FALSE(ParseStat("1 (a").has_value());
  EXPECT_FALSE(ParseStat("1 (a) S 2 3 4").has_value());
  EXPECT_FALSE(ParseStat(kStat.substr(0, kStat.find(" 1053216"))).has_value());
}

TEST(UnixSocketInfoTest, DescriptorsOnTheirWay) {
  const UnixSocketInfo info = ParseUnixSocketInfo(
      "pos:\t0\nflags:\t02\nmnt_id:\t10\nino:\t12345\nscm_fds: 3\n");
  EXPECT_EQ(info.inode, 12345u);
  EXPECT_EQ(info.descriptors, 3u);
  EXPECT_EQ(ParseUnixSocketInfo("").inode, 0u);
  EXPECT_EQ(ParseUnixSocketInfo("scm_fds: x\n").descriptors, 0u);
}

TEST(CgroupFileTest, OfBothVersions) {
  const CgroupFile both =
      ParseCgroups("8:pids:/\n6:cpu,freezer:/a:b\n0::/user.slice/x\n");
  EXPECT_EQ(both.unified, "/user.slice/x");
  EXPECT_EQ(both.freezer, "/a:b");
  const CgroupFile none = ParseCgroups("1:name=systemd:/\n3:freezers:/\n:");
  EXPECT_FALSE(none.unified.has_value());
  EXPECT_FALSE(none.freezer.has_value());
}

TEST(CgroupMountTest, OfBothVersions) {
  const std::vector<CgroupMount> mounts = ParseCgroupMounts(
      "24 1 0:22 / /proc rw,relatime shared:5 - proc proc rw\n"
      "30 24 0:26 / /sys/fs/cgroup/a\\040b rw shared:9 - cgroup2 cgroup2 rw\n"
      "31 24 0:27 /docker/x /sys/fs/cgroup/freezer ro master:7 shared:8 - "
      "cgroup cgroup rw,freezer\n"
      "32 24 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "33 24 0:29 / /x rw - cgroup2\n"
      "- cgroup2 a b\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_TRUE(mounts[0].unified);
  EXPECT_EQ(mounts[0].root, "/");
  EXPECT_EQ(mounts[0].folder, "/sys/fs/cgroup/a b");
  EXPECT_FALSE(mounts[1].unified);
  EXPECT_EQ(mounts[1].root, "/docker/x");
  EXPECT_EQ(mounts[1].folder, "/sys/fs/cgroup/freezer");
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

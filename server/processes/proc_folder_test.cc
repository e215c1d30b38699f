#include "server/processes/proc_folder.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/socket_pairs.h"
#include "server/processes/proc_files.h"

namespace standoff {
namespace {

using ::testing::Contains;
using ::testing::StartsWith;

TEST(ProcFolderTest, ReadsFiles) {
  const ProcFolder self("/proc/self");
  ASSERT_TRUE(self.is_open());
  EXPECT_THAT(self.Read("status", 4096).value_or(""), StartsWith("Name:"));
  EXPECT_EQ(self.Read("status", 5), "Name:");
  EXPECT_EQ(self.Read("status", 0), "");
  EXPECT_FALSE(self.Read("none", 10).has_value());
  EXPECT_EQ(errno, ENOENT);
}

TEST(ProcFolderTest, TellsThatThisProgramIsOf64Bits) {
  const ProcFolder self("/proc/self");
  const std::string vector = self.Read("auxv", 4096).value_or("");
  EXPECT_FALSE(vector.empty());
  EXPECT_EQ(Is32Bit(vector), sizeof(void*) == 4);
}

TEST(ProcFolderTest, ReadsMemory) {
  const ProcFolder self("/proc/self");
  const uint64_t secret = 0x1234567890abcdef;
  const auto address = reinterpret_cast<uintptr_t>(&secret);
  uint64_t copy = 0;
  const absl::Span<char> bytes(reinterpret_cast<char*>(&copy), sizeof copy);
  EXPECT_TRUE(self.ReadAt("mem", address, bytes));
  EXPECT_EQ(copy, secret);
  EXPECT_FALSE(self.ReadAt("mem", 8, bytes));
  EXPECT_FALSE(self.ReadAt("none", 0, bytes));
}

TEST(ProcFolderTest, ListsNumbers) {
  const Socket socket = OpenSocket(kTcp4);
  const ProcFolder self("/proc/self");
  const ProcFolder descriptors(self, "fd");
  ASSERT_TRUE(descriptors.is_open());
  std::vector<std::string> names;
  descriptors.ForEachNumber([&names](const char* name) {
    names.push_back(name);
    return true;
  });
  EXPECT_THAT(names, Contains(absl::StrCat(socket.fd())));
  int calls = 0;
  descriptors.ForEachNumber([&calls](const char*) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1);
}

TEST(ProcFolderTest, WhatIsNotThere) {
  const ProcFolder none("/proc/none");
  EXPECT_FALSE(none.is_open());
  EXPECT_FALSE(none.Read("status", 10).has_value());
  EXPECT_FALSE(none.ReadLink("self").has_value());
  EXPECT_FALSE(ProcFolder(none, "fd").is_open());
  none.ForEachNumber([](const char*) {
    ADD_FAILURE();
    return true;
  });
}

TEST(ProcFolderTest, Moves) {
  ProcFolder self("/proc/self");
  const ProcFolder other(std::move(self));
  EXPECT_TRUE(other.is_open());
  EXPECT_TRUE(other.ReadLink("exe").has_value());
}

TEST(SocketInodeTest, FromALink) {
  const Socket socket = OpenSocket(kUnixStream);
  const ProcFolder self("/proc/self");
  const auto link = self.ReadLink(absl::StrCat("fd/", socket.fd()).c_str());
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(SocketInode(*link), Inode(socket));
}

TEST(SocketInodeTest, OfSomethingElse) {
  for (const char* link :
       {"", "socket:[", "socket:[]", "socket:[x]", "pipe:[1]",
        "/tmp/socket:[1]", "socket:[1] (deleted)"}) {
    EXPECT_FALSE(SocketInode(link).has_value()) << link;
  }
}

}  // namespace
}  // namespace standoff

#include "client/lab/temp_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

TEST(TempDirTest, IsPrivateAndGoesWithItsContent) {
  std::string path;
  {
    absl::StatusOr<TempDir> folder = TempDir::Create();
    ASSERT_TRUE(folder.ok()) << folder.status();
    path = folder->path();
    EXPECT_LT(path.size(), 60u);
    struct stat state;
    ASSERT_EQ(stat(path.c_str(), &state), 0);
    EXPECT_TRUE(S_ISDIR(state.st_mode));
    EXPECT_EQ(state.st_mode & 0777u, 0700u);
    std::ofstream(absl::StrCat(path, "/file")) << "content";
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(TempDirTest, EachIsAnother) {
  absl::StatusOr<TempDir> first = TempDir::Create();
  absl::StatusOr<TempDir> second = TempDir::Create();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->path(), second->path());
}

TEST(TempDirTest, IsMoved) {
  absl::StatusOr<TempDir> first = TempDir::Create();
  ASSERT_TRUE(first.ok()) << first.status();
  const TempDir second = *std::move(first);
  EXPECT_EQ(access(second.path().c_str(), W_OK), 0);
}

}  // namespace
}  // namespace standoff::client

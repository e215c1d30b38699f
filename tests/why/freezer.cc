#include "tests/why/freezer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/testing/waiting.h"

namespace standoff::client {

std::string Freezer::Find(bool second_version) {
  for (const char* const root :
       second_version ? std::vector<const char*>{"/sys/fs/cgroup/unified",
                                                 "/sys/fs/cgroup"}
                      : std::vector<const char*>{"/sys/fs/cgroup/freezer"}) {
    const std::string folder = absl::StrCat(root, "/standoff-test-", getpid());
    if (mkdir(folder.c_str(), 0755) != 0) continue;
    const std::string state =
        folder + (second_version ? "/cgroup.freeze" : "/freezer.state");
    if (access(state.c_str(), W_OK) == 0) return folder;
    rmdir(folder.c_str());
  }
  return "";
}

Freezer::Freezer(std::string folder, bool second_version)
    : folder_(std::move(folder)),
      file_(folder_ + (second_version ? "/cgroup.freeze" : "/freezer.state")),
      frozen_(second_version ? "1" : "FROZEN"),
      thawed_(second_version ? "0" : "THAWED"),
      events_(folder_ + (second_version ? "/cgroup.events" : "/freezer.state")),
      is_frozen_(second_version ? "frozen 1" : "FROZEN") {}

Freezer::~Freezer() {
  Thaw();
  EXPECT_TRUE(Eventually(
      [this] { return rmdir(folder_.c_str()) == 0 || errno != EBUSY; }));
}

void Freezer::Freeze(pid_t pid) {
  std::ofstream(folder_ + "/cgroup.procs") << pid << std::flush;
  std::ofstream(file_) << frozen_ << std::flush;
  EXPECT_TRUE(Eventually([this] {
    std::ifstream file(events_);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.find(is_frozen_) != std::string::npos;
  }));
}

void Freezer::Thaw() { std::ofstream(file_) << thawed_ << std::flush; }

}  // namespace standoff::client

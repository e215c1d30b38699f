#include "tests/faults/stepped_clock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/must.h"

namespace standoff::client {

SteppedClock::SteppedClock()
    : folder_(Must(TempDir::Create())),
      path_(absl::StrCat(folder_.path(), "/offset")),
      file_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  Set(absl::ZeroDuration());
}

void SteppedClock::Set(absl::Duration offset) {
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(offset);
  if (pwrite(file_.get(), &nanoseconds, sizeof(nanoseconds), 0) !=
      static_cast<ssize_t>(sizeof(nanoseconds))) {
    perror(path_.c_str());
    std::abort();
  }
}

DaemonOptions SteppedClock::Options() const {
  // Set by Bazel.
  const std::vector<std::string> prefix = {
      "env",
      absl::StrCat("LD_PRELOAD=", std::getenv("TEST_SRCDIR"), "/",
                   std::getenv("TEST_WORKSPACE"),
                   "/tests/faults/libwall_clock.so"),
      absl::StrCat("WALL_CLOCK_FILE=", path_)};
  DaemonOptions options;
  options.on = [prefix](const std::vector<std::string>& command) {
    std::vector<std::string> wrapped = prefix;
    wrapped.insert(wrapped.end(), command.begin(), command.end());
    return wrapped;
  };
  return options;
}

}  // namespace standoff::client

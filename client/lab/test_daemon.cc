#include "client/lab/test_daemon.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

template <typename T>
T ValueOrDie(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::cerr << result.status() << std::endl;
    std::abort();
  }
  return *std::move(result);
}

}  // namespace

std::string TestDaemonPath() {
  // Set by Bazel.
  return absl::StrCat(std::getenv("TEST_SRCDIR"), "/",
                      std::getenv("TEST_WORKSPACE"), "/server/standoffd");
}

Daemon StartTestDaemon(DaemonOptions options) {
  options.program = TestDaemonPath();
  return ValueOrDie(Daemon::Start(options));
}

Host ConnectToTestDaemon(const Daemon& daemon, ConnectOptions options) {
  return ValueOrDie(Host::Connect(daemon.address(), options));
}

}  // namespace standoff::client

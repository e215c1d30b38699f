#include "tests/testing/test_host.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/lab/test_daemon.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"

namespace standoff::client {
namespace {

Daemon StartDaemon(DaemonOptions options) {
  if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
  options.ready_timeout = absl::Minutes(1);
  return StartTestDaemon(std::move(options));
}

}  // namespace

DaemonOptions WithFlags(std::vector<std::string> flags) {
  return {.listen = {}, .flags = std::move(flags), .on = {}};
}

DaemonOptions ListenOn(std::vector<std::string> listen,
                       std::vector<std::string> flags) {
  return {.listen = std::move(listen), .flags = std::move(flags), .on = {}};
}

DaemonOptions WithOpenFiles(int limit) {
  DaemonOptions options;
  options.on = [limit](const std::vector<std::string>& command) {
    std::vector<std::string> limited = {
        "prlimit", absl::StrCat("--nofile=", limit, ":", limit)};
    limited.insert(limited.end(), command.begin(), command.end());
    return limited;
  };
  return options;
}

TestHost::TestHost(DaemonOptions options, ConnectOptions connect)
    : daemon_(StartDaemon(std::move(options))),
      host_(ConnectToTestDaemon(daemon_, std::move(connect))) {}

TestHost::~TestHost() {
  if (daemon_.ended()) return;
  const absl::StatusOr<ExitStatus> end = daemon_.Stop(absl::Minutes(1));
  EXPECT_TRUE(end.ok() && end->ok())
      << (end.ok() ? end->ToString() : end.status().ToString()) << "\n"
      << daemon_.Log();
}

Host TestHost::ConnectAgain(ConnectOptions options) const {
  return ConnectToTestDaemon(daemon_, std::move(options));
}

uint64_t InUse(const Host& host, absl::string_view limit) {
  const v1::GetInfoResponse info = Must(host.GetInfo());
  for (const v1::Limit& entry : info.limits()) {
    if (entry.name() == limit) return entry.in_use();
  }
  ADD_FAILURE() << "there is no limit " << limit;
  return 0;
}

uint32_t WaitingCalls(const SocketRef& socket) {
  return Must(socket.Describe()).socket().waiting_calls();
}

}  // namespace standoff::client

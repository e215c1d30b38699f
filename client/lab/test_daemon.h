// The daemon of this project, for tests. They need data =
// ["//server:standoffd"].

#ifndef STANDOFF_CLIENT_LAB_TEST_DAEMON_H_
#define STANDOFF_CLIENT_LAB_TEST_DAEMON_H_

#include <string>

#include "client/host.h"
#include "client/lab/daemon.h"

namespace standoff::client {

// The path of standoffd among the test's data.
std::string TestDaemonPath();

// Starts it; `options.program` is ignored. Ends the test program if that fails.
Daemon StartTestDaemon(DaemonOptions options = {});

// Connects to it. Ends the test program if that fails.
Host ConnectToTestDaemon(const Daemon& daemon, ConnectOptions options = {});

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_TEST_DAEMON_H_

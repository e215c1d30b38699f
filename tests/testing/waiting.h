// Waiting for a condition, by asking for it. Tests never sleep and hope.
//
// All of these give up, with a failure that says what was missing, after far
// longer than a loaded machine under a sanitizer needs.

#ifndef STANDOFF_TESTS_TESTING_WAITING_H_
#define STANDOFF_TESTS_TESTING_WAITING_H_

#include <cstdint>
#include <functional>

#include "absl/strings/string_view.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gtest/gtest.h"
#include "tests/testing/test_host.h"

namespace standoff::client {

// Until `condition` holds.
::testing::AssertionResult Eventually(const std::function<bool()>& condition);

// Until `count` of the daemon's threads with this name are asleep in the system
// call SYS_…. A call that waits has a thread with its RPC's name.
::testing::AssertionResult AsleepIn(const TestHost& host,
                                    absl::string_view thread, int64_t syscall,
                                    int count = 1);

// Stops the daemon (SIGSTOP), or has it go on (SIGCONT), until that is so.
::testing::AssertionResult StopDaemon(TestHost& host);
::testing::AssertionResult ContinueDaemon(TestHost& host);

// Until the daemon says that so many calls wait.
::testing::AssertionResult WaitingCallsBecome(const Host& host, uint64_t count);
// The same for the calls on a socket.
::testing::AssertionResult WaitingCallsBecome(const SocketRef& socket,
                                              uint64_t count);

// Until the daemon has so many threads with this name.
::testing::AssertionResult ThreadsBecome(const TestHost& host,
                                         absl::string_view thread, int count);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_WAITING_H_

// That a daemon serves, whatever was done to it.

#ifndef STANDOFF_TESTS_TESTING_EXPECT_SERVES_H_
#define STANDOFF_TESTS_TESTING_EXPECT_SERVES_H_

#include <source_location>

#include "client/host.h"
#include "tests/testing/test_host.h"

namespace standoff::client {

// It tells of itself and its sockets, and data goes from one socket to another.
void ExpectServes(const Host& host,
                  std::source_location place = std::source_location::current());

// The same over the connection that there is, and over a new one.
void ExpectServes(const TestHost& host,
                  std::source_location place = std::source_location::current());

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_EXPECT_SERVES_H_

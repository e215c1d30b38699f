#include "tests/testing/expect_serves.h"

#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/remote_sockets.h"

namespace standoff::client {

void ExpectServes(const Host& host, std::source_location place) {
  const ::testing::ScopedTrace trace(place.file_name(),
                                     static_cast<int>(place.line()), "serves");
  EXPECT_THAT(host.GetInfo(), IsOk());
  EXPECT_THAT(host.List(), IsOk());
  const auto [a, b] = ConnectedPair(host, kTcp4);
  EXPECT_THAT(a.Send("hello"), Returned(5));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

void ExpectServes(const TestHost& host, std::source_location place) {
  ExpectServes(host.host(), place);
  ExpectServes(host.ConnectAgain(), place);
}

}  // namespace standoff::client

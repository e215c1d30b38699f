// More control connections than there are descriptors: those that are there
// are served, and when the others have gone new ones are, too. descriptor_test
// has descriptors that sockets of clients use up.

#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "absl/strings/match.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/file_descriptor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/faults/raw_connection.h"
#include "tests/testing/matchers.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr int kMaxOpenFiles = 128;

TEST(ControlDescriptorsTest, ServesAgainWhenThereAreSome) {
  TestHost host(WithOpenFiles(kMaxOpenFiles));
  const int before = CountDescriptors(host.pid());
  std::vector<FileDescriptor> connections;
  for (int i = 0; i < 2 * kMaxOpenFiles; ++i) {
    connections.push_back(ConnectTcp(host.daemon().address()));
  }
  ASSERT_TRUE(Eventually(
      [&] { return CountDescriptors(host.pid()) >= kMaxOpenFiles - 8; }));
  EXPECT_THAT(host->GetInfo(), IsOk());
  // The last one is closed at once, and logged.
  EXPECT_TRUE(Eventually([&] {
    char byte = 0;
    const ssize_t got = recv(connections.back().get(), &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }));
  EXPECT_TRUE(Eventually([&] {
    return absl::StrContains(host.daemon().Log(),
                             "refused a control connection");
  })) << host.daemon().Log();
  connections.clear();
  ASSERT_TRUE(
      Eventually([&] { return CountDescriptors(host.pid()) <= before; }));
  EXPECT_THAT(Host::Connect(host.daemon().address()), IsOk());
}

}  // namespace
}  // namespace standoff::client

// GetInfo: what the daemon and its host are, can do and have in use.

#include <net/if.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;

const v1::Limit& FindLimit(const v1::GetInfoResponse& info,
                           const std::string& name) {
  const auto found =
      std::find_if(info.limits().begin(), info.limits().end(),
                   [&](const auto& limit) { return limit.name() == name; });
  EXPECT_NE(found, info.limits().end()) << name;
  return found == info.limits().end() ? v1::Limit::default_instance() : *found;
}

TEST(InfoTest, SaysWhoAndWhere) {
  const absl::Time before = absl::Now();
  TestHost host;
  const auto info = Must(host->GetInfo());
  EXPECT_THAT(info.version(), MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+.*"));
  utsname names;
  ASSERT_EQ(uname(&names), 0);
  EXPECT_EQ(info.host_name(), names.nodename);
  EXPECT_EQ(info.kernel().name(), names.sysname);
  EXPECT_EQ(info.kernel().release(), names.release);
  EXPECT_EQ(info.kernel().machine(), names.machine);
  EXPECT_EQ(info.pid(), host.pid());
  struct stat status;
  ASSERT_EQ(stat("/proc/self/ns/net", &status), 0);
  EXPECT_EQ(info.network_namespace(), status.st_ino);
  EXPECT_EQ(info.boot_id().size(), 36u);
  const absl::Time started = absl::FromUnixSeconds(info.start_time().seconds());
  EXPECT_GE(started, before - absl::Seconds(1));
  EXPECT_LE(started, absl::Now());
  EXPECT_THAT(info.listen_addresses(), ElementsAre(host.daemon().address()));
}

TEST(InfoTest, ListsInterfaces) {
  TestHost host;
  const auto info = Must(host->GetInfo());
  const auto found = std::find_if(
      info.interfaces().begin(), info.interfaces().end(),
      [](const auto& interface) { return interface.name() == "lo"; });
  ASSERT_NE(found, info.interfaces().end());
  EXPECT_EQ(found->index(), if_nametoindex("lo"));
  EXPECT_TRUE(found->up());
  EXPECT_THAT(found->addresses(), Contains("127.0.0.1"));
  for (const v1::NetworkInterface& interface : info.interfaces()) {
    EXPECT_EQ(interface.index(), if_nametoindex(interface.name().c_str()));
  }
}

TEST(InfoTest, TellsLimitsAndTheirFlags) {
  const TestHost host(WithFlags(
      {"--max_sockets=7", "--max_waiting_calls=5", "--max_transfer=1000"}));
  const auto info = Must(host->GetInfo());
  EXPECT_EQ(FindLimit(info, "sockets").limit(), 7u);
  EXPECT_EQ(FindLimit(info, "sockets").flag(), "--max_sockets");
  EXPECT_EQ(FindLimit(info, "sockets").in_use(), 0u);
  EXPECT_TRUE(FindLimit(info, "sockets").has_in_use());
  EXPECT_EQ(FindLimit(info, "waiting-calls").limit(), 5u);
  EXPECT_EQ(FindLimit(info, "waiting-calls").flag(), "--max_waiting_calls");
  EXPECT_EQ(FindLimit(info, "transfer-bytes").limit(), 1000u);
  EXPECT_EQ(FindLimit(info, "transfer-bytes").flag(), "--max_transfer");
  EXPECT_FALSE(FindLimit(info, "transfer-bytes").has_in_use());

  const RemoteSocket socket = OpenSocket(host.host(), kTcp4);
  EXPECT_EQ(InUse(host.host(), "sockets"), 1u);
}

// What it says of itself is what it does.
TEST(InfoTest, CapabilitiesAreTrue) {
  const TestHost host;
  const auto info = Must(host->GetInfo());
  const auto capability = [&](const std::string& name) {
    for (const auto& entry : info.capabilities()) {
      EXPECT_EQ(entry.available(), entry.reason().empty()) << entry.name();
      if (entry.name() == name) return entry.available();
    }
    ADD_FAILURE() << "no capability " << name;
    return false;
  };
  EXPECT_TRUE(capability("ipv4"));
  EXPECT_TRUE(capability("unix"));
  v1::OpenRequest raw;
  raw.set_type(v1::SOCKET_TYPE_RAW);
  raw.set_protocol(v1::PROTOCOL_RAW);
  EXPECT_EQ(Returned(host->Open(raw)->outcome()), capability("raw"));
  v1::OpenRequest mptcp;
  mptcp.set_protocol(v1::PROTOCOL_MPTCP);
  EXPECT_EQ(Returned(host->Open(mptcp)->outcome()), capability("mptcp"));
}

TEST(InfoTest, ListensOnSeveralAddresses) {
  const TestHost host(ListenOn({"127.0.0.1:0", "[::1]:0", "127.0.0.1:0"}));
  const auto info = Must(host->GetInfo());
  ASSERT_EQ(info.listen_addresses_size(), 3);
  EXPECT_THAT(info.listen_addresses(0), MatchesRegex("127\\.0\\.0\\.1:[0-9]+"));
  EXPECT_THAT(info.listen_addresses(1), MatchesRegex("\\[::1\\]:[0-9]+"));
  for (const std::string& address : info.listen_addresses()) {
    EXPECT_THAT(Must(Host::Connect(address)).GetInfo(), IsOk()) << address;
  }
}

}  // namespace
}  // namespace standoff::client

#include "client/cli/cures.h"

#include <string>

#include "gtest/gtest.h"

namespace standoff::client {
namespace {

const HostEntry kLeft = {.name = "left", .address = "10.0.0.1:7411"};

TEST(CuresTest, NameAHostAsItWasTold) {
  EXPECT_EQ(FlagsFor(kLeft, {.hosts = {"left=10.0.0.1:7411"}}),
            "--host left=10.0.0.1:7411");
  // In the environment, and by its name there.
  EXPECT_EQ(FlagsFor(kLeft, {}), "--host left");
  EXPECT_EQ(FlagsFor(kLeft, {.hosts = {"left"}}), "--host left");
  EXPECT_EQ(FlagsFor(kLeft, {.hosts_file = "my lab.yaml"}),
            "--hosts-file 'my lab.yaml' --host left");
  const HostEntry unnamed = {.name = "unix:/a'b", .address = "unix:/a'b"};
  EXPECT_EQ(FlagsFor(unnamed, {.hosts = {"unix:/a'b"}}),
            "--host 'unix:/a'\\''b'");
}

TEST(CuresTest, TellTheTlsFiles) {
  HostEntry host = kLeft;
  host.tls = {.ca = "ca.pem", .certificate = "me.pem", .key = "me.key"};
  const std::string tls = " --tls-ca ca.pem --tls-cert me.pem --tls-key me.key";
  EXPECT_EQ(FlagsFor(host, {.hosts = {"left=10.0.0.1:7411"}, .tls = host.tls}),
            "--host left=10.0.0.1:7411" + tls);
  EXPECT_EQ(FlagsFor(host, {.tls = host.tls}), "--host left" + tls);
  // Those of the hosts file are there anyway.
  EXPECT_EQ(FlagsFor(host, {.hosts_file = "lab.yaml"}),
            "--hosts-file lab.yaml --host left");
}

TEST(CuresTest, ArePutIntoWaysOut) {
  v1::Diagnosis diagnosis;
  v1::BlockedCall& call = *diagnosis.add_blocked();
  call.add_ways_out("Cancel it: standoff cancel --host left 3");
  call.add_ways_out("Cancel it: standoff cancel --host left2 3");
  call.add_ways_out("End it: standoff session delete mine --host left");
  call.add_ways_out("Send to left:s1.");
  MakeFollowable({kLeft, {.name = "left2", .address = "b:1"}},
                 {.hosts = {"left=10.0.0.1:7411", "left2=b:1"}}, diagnosis);
  const auto& ways = diagnosis.blocked(0).ways_out();
  EXPECT_EQ(ways[0], "Cancel it: standoff cancel --host left=10.0.0.1:7411 3");
  EXPECT_EQ(ways[1], "Cancel it: standoff cancel --host left2=b:1 3");
  EXPECT_EQ(ways[2],
            "End it: standoff session delete mine --host left=10.0.0.1:7411");
  EXPECT_EQ(ways[3], "Send to left:s1.");
}

}  // namespace
}  // namespace standoff::client

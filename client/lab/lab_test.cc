#include "client/lab/lab.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/lab/command.h"
#include "client/lab/deadline.h"
#include "client/lab/lab_environment.h"
#include "client/lab/process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kPatience = absl::Seconds(20);

class LabTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
  }
};

Lab MakeLab(const std::vector<std::string>& names) {
  absl::StatusOr<Lab> lab = Lab::Create(names);
  EXPECT_TRUE(lab.ok()) << lab.status();
  if (!lab.ok()) std::abort();
  return *std::move(lab);
}

std::string OutputOn(const Lab& lab, size_t host,
                     const std::vector<std::string>& command) {
  absl::StatusOr<CommandResult> result = lab.Run(host, command);
  EXPECT_TRUE(result.ok()) << result.status();
  if (!result.ok()) return "";
  EXPECT_TRUE(result->status.ok()) << result->errors;
  return result->output;
}

// A program on a host that answers what it is sent over UDP.
constexpr char kEcho[] = R"(
import socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7))
print('ready', flush=True)
while True:
  data, source = s.recvfrom(100)
  s.sendto(data, source)
)";

// A program that sends a datagram and says whether it was answered in time.
constexpr char kAsk[] = R"(
import socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[2]))
s.connect((sys.argv[1], 7))
s.send(b'hello')
try:
  print(s.recv(100).decode())
except TimeoutError:
  print('silence')
)";

Process StartEcho(const Lab& lab, size_t host, const std::string& address) {
  absl::StatusOr<Process> process = Process::Start(
      {.command = lab.On(host, {"python3", "-c", kEcho, address}),
       .standard_output = Stream::kPipe,
       .die_with_owner = true});
  EXPECT_TRUE(process.ok()) << process.status();
  if (!process.ok()) std::abort();
  EXPECT_EQ(process->ReadLine(kPatience).value_or(process->Errors()), "ready");
  return *std::move(process);
}

std::string Ask(const Lab& lab, size_t host, const std::string& address,
                const std::string& seconds) {
  return OutputOn(lab, host, {"python3", "-c", kAsk, address, seconds});
}

TEST_F(LabTest, HasTheAddressesThatItSays) {
  const Lab lab = MakeLab({"left", "right"});
  ASSERT_EQ(lab.size(), 2u);
  EXPECT_EQ(lab.name(0), "left");
  EXPECT_EQ(lab.name(1), "right");
  EXPECT_EQ(lab.ipv4(0), "10.83.0.1");
  EXPECT_EQ(lab.ipv4(1), "10.83.0.2");
  for (size_t host : {0u, 1u}) {
    const std::string addresses = OutputOn(lab, host, {"ip", "address"});
    EXPECT_THAT(addresses, HasSubstr(absl::StrCat(lab.ipv4(host), "/24")));
    if (!lab.ipv6(host).empty()) {
      EXPECT_THAT(addresses, HasSubstr(absl::StrCat(lab.ipv6(host), "/64")));
      EXPECT_THAT(addresses,
                  Not(HasSubstr(absl::StrCat(lab.ipv6(host),
                                             "/64 scope global tentative"))));
    }
  }
}

TEST_F(LabTest, HostsReachEachOtherAtOnce) {
  const Lab lab = MakeLab({"left", "right"});
  std::vector<std::string> addresses = {lab.ipv4(1)};
  if (!lab.ipv6(1).empty()) addresses.push_back(lab.ipv6(1));
  for (const std::string& address : addresses) {
    const Process echo = StartEcho(lab, 1, address);
    EXPECT_EQ(Ask(lab, 0, address, "10"), "hello\n") << address;
  }
}

TEST_F(LabTest, ACutLinkIsSilentAndMayBeRestored) {
  const Lab lab = MakeLab({"left", "right"});
  const Process right = StartEcho(lab, 1, lab.ipv4(1));
  const Process left = StartEcho(lab, 0, lab.ipv4(0));
  // The neighbours know each other, so that the cut is all that there is.
  EXPECT_EQ(Ask(lab, 0, lab.ipv4(1), "10"), "hello\n");

  ASSERT_TRUE(lab.CutLink().ok());
  ASSERT_TRUE(lab.CutLink().ok());
  EXPECT_EQ(Ask(lab, 0, lab.ipv4(1), "0.1"), "silence\n");
  EXPECT_EQ(Ask(lab, 1, lab.ipv4(0), "0.1"), "silence\n");
  EXPECT_THAT(OutputOn(lab, 0, {"ip", "link", "show", "eth0"}),
              HasSubstr("NO-CARRIER"));
  EXPECT_THAT(OutputOn(lab, 0, {"ip", "address"}), HasSubstr(lab.ipv4(0)));
  EXPECT_THAT(OutputOn(lab, 0, {"ip", "route"}), HasSubstr("10.83.0.0/24"));

  ASSERT_TRUE(lab.RestoreLink().ok());
  EXPECT_EQ(Ask(lab, 0, lab.ipv4(1), "10"), "hello\n");
  EXPECT_EQ(Ask(lab, 1, lab.ipv4(0), "10"), "hello\n");
}

TEST_F(LabTest, EitherLinkMayBeCut) {
  const Lab lab = MakeLab({"left", "right"});
  const Process right = StartEcho(lab, 1, lab.ipv4(1));
  ASSERT_TRUE(lab.CutLink(1).ok());
  EXPECT_EQ(Ask(lab, 0, lab.ipv4(1), "0.1"), "silence\n");
  ASSERT_TRUE(lab.RestoreLink(1).ok());
  EXPECT_EQ(Ask(lab, 0, lab.ipv4(1), "10"), "hello\n");
}

TEST_F(LabTest, MayHaveMoreHosts) {
  const Lab lab = MakeLab({"a", "b", "c"});
  const Process echo = StartEcho(lab, 2, lab.ipv4(2));
  EXPECT_EQ(Ask(lab, 0, lab.ipv4(2), "10"), "hello\n");
  EXPECT_EQ(Ask(lab, 1, lab.ipv4(2), "10"), "hello\n");
  // The others go on.
  ASSERT_TRUE(lab.CutLink(0).ok());
  EXPECT_EQ(Ask(lab, 0, lab.ipv4(2), "0.1"), "silence\n");
  EXPECT_EQ(Ask(lab, 1, lab.ipv4(2), "10"), "hello\n");
}

TEST_F(LabTest, LabsDoNotSeeEachOther) {
  const Lab first = MakeLab({"left", "right"});
  const Lab second = MakeLab({"left", "right"});
  const Process echo = StartEcho(first, 1, first.ipv4(1));
  EXPECT_EQ(Ask(first, 0, first.ipv4(1), "10"), "hello\n");
  // There, the port is closed: an error, and no silence.
  absl::StatusOr<CommandResult> result =
      second.Run(0, {"python3", "-c", kAsk, second.ipv4(1), "10"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->errors, HasSubstr("ConnectionRefused"));
}

TEST_F(LabTest, RefusesSizesThatItCannotHave) {
  EXPECT_TRUE(absl::IsInvalidArgument(Lab::Create({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Lab::Create(std::vector<std::string>(255, "host")).status()));
}

TEST_F(LabTest, CommandsMayFail) {
  const Lab lab = MakeLab({"alone"});
  absl::StatusOr<CommandResult> result = lab.Run(0, {"sh", "-c", "exit 9"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status.code, 9);
}

}  // namespace
}  // namespace standoff::client

#include "tests/why/two_hosts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/address.h"
#include "client/lab/lab_environment.h"
#include "gmock/gmock.h"
#include "tests/testing/must.h"

namespace standoff::client {
namespace {

using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;

bool IsProved(const v1::Deadlock& deadlock) {
  return deadlock.proof() == v1::PROOF_PROVED;
}

}  // namespace

const v1::BlockedCall& CallOf(const v1::Diagnosis& diagnosis,
                              const std::string& actor) {
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    if (call.caller().actor() == actor) return call;
  }
  ADD_FAILURE() << "no blocked call of '" << actor << "' in "
                << diagnosis.DebugString();
  return v1::BlockedCall::default_instance();
}

const v1::Evidence& EvidenceOf(const v1::BlockedCall& call) {
  if (!call.evidence().empty()) return call.evidence(0);
  ADD_FAILURE() << "no evidence in " << call.DebugString();
  return v1::Evidence::default_instance();
}

::testing::AssertionResult AreDeadlocked(const v1::Diagnosis& diagnosis,
                                         std::vector<std::string> actors) {
  std::sort(actors.begin(), actors.end());
  for (const v1::Deadlock& deadlock : diagnosis.deadlocks()) {
    if (!IsProved(deadlock)) continue;
    std::vector<std::string> names;
    for (const uint32_t call : deadlock.calls()) {
      const v1::BlockedCall& blocked =
          diagnosis.blocked(static_cast<int>(call));
      names.push_back(blocked.caller().actor());
    }
    std::sort(names.begin(), names.end());
    if (names == actors) return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << diagnosis.DebugString();
}

void ExpectSound(const v1::Diagnosis& diagnosis) {
  SCOPED_TRACE(diagnosis.DebugString());
  const bool has_proof =
      std::any_of(diagnosis.deadlocks().begin(), diagnosis.deadlocks().end(),
                  [](const auto& deadlock) { return IsProved(deadlock); });
  EXPECT_EQ(diagnosis.verdict(), has_proof ? v1::VERDICT_DEADLOCK
                                 : diagnosis.blocked().empty()
                                     ? v1::VERDICT_NOTHING_BLOCKED
                                     : v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.sentence(), EndsWith("."));
  const auto is_call = [&](uint32_t index) {
    return index < static_cast<uint32_t>(diagnosis.blocked_size());
  };
  for (int i = 0; i < diagnosis.deadlocks_size(); ++i) {
    const v1::Deadlock& deadlock = diagnosis.deadlocks(i);
    EXPECT_THAT(deadlock.calls(), Not(IsEmpty()));
    EXPECT_THAT(deadlock.cycle(), Not(IsEmpty()));
    EXPECT_EQ(deadlock.not_proved_because().empty(), IsProved(deadlock));
    EXPECT_THAT(deadlock.sentence(), EndsWith("."));
    for (const uint32_t index : deadlock.calls()) {
      ASSERT_TRUE(is_call(index));
      const v1::BlockedCall& call = diagnosis.blocked(static_cast<int>(index));
      EXPECT_TRUE(call.has_deadlock());
      EXPECT_EQ(call.deadlock(), static_cast<uint32_t>(i));
    }
    for (int j = 0; j < deadlock.cycle_size(); ++j) {
      ASSERT_THAT(deadlock.calls(), ::testing::Contains(deadlock.cycle(j)));
      const v1::BlockedCall& call =
          diagnosis.blocked(static_cast<int>(deadlock.cycle(j)));
      EXPECT_THAT(
          call.waits_for(),
          ::testing::Contains(deadlock.cycle((j + 1) % deadlock.cycle_size())));
    }
  }
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    EXPECT_EQ(call.caller().activity(), v1::ACTIVITY_BLOCKED);
    EXPECT_NE(call.caller().title(), "");
    EXPECT_NE(call.syscall(), "");
    EXPECT_NE(call.reason(), v1::REASON_UNSPECIFIED);
    EXPECT_THAT(call.sentence(), EndsWith("."));
    EXPECT_THAT(call.ways_out(), Not(IsEmpty()));
    EXPECT_EQ(call.reason() == v1::REASON_DEADLOCK, call.has_deadlock());
    if (call.has_deadlock()) {
      EXPECT_LT(call.deadlock(),
                static_cast<uint32_t>(diagnosis.deadlocks_size()));
      EXPECT_EQ(call.ended_by(), "");
    }
    for (const uint32_t other : call.waits_for()) EXPECT_TRUE(is_call(other));
    for (const v1::Evidence& evidence : call.evidence()) {
      EXPECT_NE(evidence.reason(), v1::REASON_UNSPECIFIED);
      EXPECT_NE(evidence.sentence(), "");
      EXPECT_NE(evidence.socket().title(), "");
    }
  }
}

v1::Diagnosis LookAt(const std::vector<Host>& hosts,
                     const WhyOptions& options) {
  v1::Diagnosis diagnosis = Must(Why(hosts, options));
  ExpectSound(diagnosis);
  return diagnosis;
}

v1::Diagnosis LookAtUntil(
    const std::vector<Host>& hosts,
    const std::function<bool(const v1::Diagnosis&)>& condition) {
  const absl::Time end = absl::Now() + kPatience;
  while (true) {
    v1::Diagnosis diagnosis = LookAt(hosts);
    if (condition(diagnosis)) return diagnosis;
    if (absl::Now() > end) {
      ADD_FAILURE() << "not within " << kPatience << ": "
                    << diagnosis.DebugString();
      return diagnosis;
    }
  }
}

RemoteSocket OpenNamed(const Host& host, const std::string& name,
                       const Kind& kind, v1::Protocol protocol) {
  v1::OpenRequest request = OpenRequestOf(kind);
  request.set_name(name);
  request.set_protocol(protocol);
  return Must(host.OpenSocket(request));
}

void TwoHostsTest::SetUp() {
  if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
  lab_.emplace(Must(Lab::Create({"left", "right"})));
  folder_.emplace(Must(TempDir::Create()));
  left_.emplace(DaemonOn(0, "left"), ConnectOptions{.name = "left"});
  right_.emplace(DaemonOn(1, "right"), ConnectOptions{.name = "right"});
}

DaemonOptions TwoHostsTest::DaemonOn(size_t host,
                                     const std::string& name) const {
  DaemonOptions options =
      ListenOn({absl::StrCat("unix:", folder_->path(), "/", name)});
  options.on = [this, host](const std::vector<std::string>& command) {
    return lab_->On(host, command);
  };
  return options;
}

v1::Address TwoHostsTest::AddressIn(size_t host, const Kind& kind,
                                    uint16_t port) const {
  return MakeIpAddress(
      kind.family == v1::FAMILY_INET6 ? lab_->ipv6(host) : lab_->ipv4(host),
      port);
}

RemoteSocket TwoHostsTest::RightListener(const Kind& kind, int backlog,
                                         v1::Protocol protocol) const {
  RemoteSocket listener = OpenNamed(right(), "listener", kind, protocol);
  Must(listener.Bind(AddressIn(1, kind)));
  Must(listener.Listen(backlog));
  return listener;
}

RemotePair TwoHostsTest::Connected(const Kind& kind,
                                   v1::Protocol protocol) const {
  if (kind.type == v1::SOCKET_TYPE_DATAGRAM) {
    RemotePair pair{OpenNamed(left(), "a", kind),
                    OpenNamed(right(), "b", kind)};
    Must(pair.a.Bind(AddressIn(0, kind)));
    Must(pair.b.Bind(AddressIn(1, kind)));
    Must(pair.a.Connect(AddressOf(pair.b)));
    Must(pair.b.Connect(AddressOf(pair.a)));
    return pair;
  }
  const RemoteSocket listener = RightListener(kind, 16, protocol);
  RemoteSocket a = OpenNamed(left(), "a", kind, protocol);
  Must(a.Connect(AddressOf(listener)));
  v1::AcceptRequest request;
  request.set_name("b");
  return {std::move(a), Must(right().AcceptSocket(listener, request))};
}

v1::Diagnosis TwoHostsTest::Look(const WhyOptions& options) const {
  return LookAt({left(), right()}, options);
}

v1::Diagnosis TwoHostsTest::LookUntil(
    const std::function<bool(const v1::Diagnosis&)>& condition) const {
  return LookAtUntil({left(), right()}, condition);
}

v1::Diagnosis TwoHostsTest::LookUntilReason(const std::string& actor,
                                            v1::Reason reason) const {
  return LookUntil([&](const v1::Diagnosis& diagnosis) {
    return std::any_of(diagnosis.blocked().begin(), diagnosis.blocked().end(),
                       [&](const v1::BlockedCall& call) {
                         return call.caller().actor() == actor &&
                                call.reason() == reason;
                       });
  });
}

v1::Diagnosis TwoHostsTest::LookUntilDeadlock() const {
  return LookUntil([](const v1::Diagnosis& diagnosis) {
    return diagnosis.verdict() == v1::VERDICT_DEADLOCK;
  });
}

}  // namespace standoff::client

// Two hosts in a network of their own, and why their calls are blocked.

#ifndef STANDOFF_TESTS_WHY_TWO_HOSTS_H_
#define STANDOFF_TESTS_WHY_TWO_HOSTS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/lab/lab.h"
#include "client/lab/temp_dir.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"
#include "tests/testing/operations.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {

// The blocked call of an actor, or with an empty name of a plain call. A
// failure if there is none.
const v1::BlockedCall& CallOf(const v1::Diagnosis& diagnosis,
                              const std::string& actor);

// The first evidence of a call. A failure if there is none.
const v1::Evidence& EvidenceOf(const v1::BlockedCall& call);

// Whether all the calls of these actors, and no others, are one deadlock that
// is proved.
::testing::AssertionResult AreDeadlocked(const v1::Diagnosis& diagnosis,
                                         std::vector<std::string> actors);

// Expects what holds of every diagnosis: its indices are in range, its verdict,
// deadlocks and calls fit, and each call has a sentence and a way out.
void ExpectSound(const v1::Diagnosis& diagnosis);

// Two daemons, `left` and `right`, each on a host of a lab. Sockets that tests
// connect across are `a` on the left and `b` on the right, actors `alice` and
// `bob`.
class TwoHostsTest : public ::testing::Test {
 protected:
  void SetUp() override;

  const Lab& lab() const { return *lab_; }
  const Host& left() const { return left_->host(); }
  const Host& right() const { return right_->host(); }
  TestHost& left_daemon() { return *left_; }
  TestHost& right_daemon() { return *right_; }

  // Options for a daemon on a host of the lab, called `name` there.
  DaemonOptions DaemonOn(size_t host, const std::string& name) const;

  // A listener of `right` at an address of it, with any free port.
  RemoteSocket RightListener(const Kind& kind = kTcp4, int backlog = 16,
                             v1::Protocol protocol = {}) const;
  // An address of a host, with a port.
  v1::Address AddressIn(size_t host, const Kind& kind, uint16_t port = 0) const;
  // A stream connection: `a` connected, `b` was accepted. Or two datagram
  // sockets, each connected to the other.
  RemotePair Connected(const Kind& kind = kTcp4,
                       v1::Protocol protocol = {}) const;
  // A blocked call of the actor.
  RemoteOperation BlockInReceive(const Host& host, const std::string& actor,
                                 const SocketRef& socket) const {
    return StartBlocked(host.Actor(actor), ReceiveOn(socket));
  }
  // A send that goes on for ever if somebody reads. It may not be blocked yet.
  RemoteOperation StartEndlessSend(const Host& host, const std::string& actor,
                                   const SocketRef& socket) const {
    return Must(host.Actor(actor).Start(EndlessSendOn(socket)));
  }

  // Both hosts' diagnosis.
  v1::Diagnosis Look(const WhyOptions& options = {}) const;
  // The same again and again until it fulfils `condition`, or patience is over.
  v1::Diagnosis LookUntil(
      const std::function<bool(const v1::Diagnosis&)>& condition) const;
  // Until the actor's call is blocked for that reason, as far as one of its
  // sockets is concerned.
  v1::Diagnosis LookUntilReason(const std::string& actor,
                                v1::Reason reason) const;
  // Until a deadlock is proved.
  v1::Diagnosis LookUntilDeadlock() const;

 private:
  std::optional<Lab> lab_;
  // Of the daemons' control sockets: they cross namespaces and no link.
  std::optional<TempDir> folder_;
  std::optional<TestHost> left_;
  std::optional<TestHost> right_;
};

// The same for any hosts.
v1::Diagnosis LookAt(const std::vector<Host>& hosts,
                     const WhyOptions& options = {});
v1::Diagnosis LookAtUntil(
    const std::vector<Host>& hosts,
    const std::function<bool(const v1::Diagnosis&)>& condition);

// Opens a socket with this name.
RemoteSocket OpenNamed(const Host& host, const std::string& name,
                       const Kind& kind, v1::Protocol protocol = {});

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_TWO_HOSTS_H_

// TLS that is refused: the daemon logs it, and goes on serving. And the
// authority that signs clients' certificates, replaced on disk. tls_test has
// who is refused, and the daemon's own certificate replaced.

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "client/connect_options.h"
#include "client/host.h"
#include "client/lab/temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/certificates.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

class TlsRefusalTest : public ::testing::Test {
 protected:
  // A daemon that serves those whose certificates `clients` has signed.
  DaemonOptions MutualTls(const std::string& clients) const {
    return WithFlags({"--tls_cert=" + daemon_.certificate,
                      "--tls_key=" + daemon_.key,
                      "--tls_client_ca=" + clients});
  }

  ConnectOptions As(const Certificate& certificate) const {
    return {.name = {},
            .tls = {.ca = authority_.ca(),
                    .certificate = certificate.certificate,
                    .key = certificate.key},
            .session = {}};
  }

  static absl::Status Connect(const TestHost& host,
                              const ConnectOptions& options) {
    return Host::Connect(host.host().address(), options).status();
  }

  Authority authority_;
  Certificate daemon_ = authority_.Sign("daemon");
  Certificate client_ = authority_.Sign("client");
};

TEST_F(TlsRefusalTest, IsLogged) {
  const Authority other;
  TestHost host(MutualTls(authority_.ca()), As(client_));
  struct RefusedClient {
    ConnectOptions options;
    // What OpenSSL says of it.
    std::string reason;
  };
  const RefusedClient clients[] = {
      {{.tls = {.ca = authority_.ca()}}, "peer did not return a certificate"},
      {As(other.Sign("client")), "certificate verify failed"},
      {{}, "wrong version number"},
      {As(authority_.Sign("expired", -1)), "certificate verify failed"}};
  for (const auto& [options, reason] : clients) {
    const size_t before = host.daemon().Log().size();
    EXPECT_THAT(Connect(host, options),
                Refused(absl::StatusCode::kUnavailable));
    EXPECT_TRUE(Eventually([&] {
      return absl::StrContains(host.daemon().Log().substr(before), reason);
    })) << reason
        << ": " << host.daemon().Log();
    ExpectServes(host.host());
    EXPECT_THAT(Connect(host, As(client_)), IsOk());
  }
}

TEST_F(TlsRefusalTest, ReplacedAuthorityIsTakenUp) {
  const TempDir folder = Must(TempDir::Create());
  const std::string used = folder.path() + "/clients.pem";
  const auto put = [&used](const Authority& authority) {
    const std::string next = used + ".next";
    std::ofstream(next) << std::ifstream(authority.ca()).rdbuf();
    ASSERT_EQ(std::rename(next.c_str(), used.c_str()), 0);
  };
  put(authority_);
  TestHost host(MutualTls(used), As(client_));
  const Authority other;
  const Certificate others = other.Sign("client");
  EXPECT_THAT(Connect(host, As(others)),
              Refused(absl::StatusCode::kUnavailable));
  put(other);
  EXPECT_TRUE(Eventually([&] { return Connect(host, As(others)).ok(); }));
  EXPECT_THAT(Connect(host, As(client_)),
              Refused(absl::StatusCode::kUnavailable));
  // Who was connected stays so.
  ExpectServes(host.host());
}

}  // namespace
}  // namespace standoff::client

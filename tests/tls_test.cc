// TLS and mutual TLS on the control channel.

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/connect_options.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/daemon.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
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

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> TlsFlags(const Certificate& certificate) {
  return {"--tls_cert=" + certificate.certificate,
          "--tls_key=" + certificate.key};
}

std::vector<std::string> MutualTlsFlags(const Certificate& certificate,
                                        const Authority& clients) {
  std::vector<std::string> flags = TlsFlags(certificate);
  flags.push_back("--tls_client_ca=" + clients.ca());
  return flags;
}

ConnectOptions Trusting(const Authority& authority) {
  return {.name = {}, .tls = {.ca = authority.ca()}, .session = {}};
}

ConnectOptions TrustingAs(const Authority& authority,
                          const Certificate& certificate) {
  ConnectOptions options = Trusting(authority);
  options.tls.certificate = certificate.certificate;
  options.tls.key = certificate.key;
  return options;
}

class TlsTest : public ::testing::Test {
 protected:
  static absl::Status Connect(const TestHost& host,
                              const ConnectOptions& options) {
    return Host::Connect(host.host().address(), options).status();
  }

  // The certificate that the daemon shows to those who connect now.
  static std::string ShownBy(const TestHost& host) {
    return Must(MustRun(
        {"sh", "-c",
         absl::StrCat("openssl s_client -connect ", host.host().address(),
                      " </dev/null 2>/dev/null | "
                      "openssl x509 -noout -subject")},
        absl::Minutes(1)));
  }

  Authority authority_;
  Certificate daemon_ = authority_.Sign("daemon");
};

TEST_F(TlsTest, Works) {
  TestHost host(WithFlags(TlsFlags(daemon_)), Trusting(authority_));
  ExpectServes(host.host());
  // A client that has a certificate is welcome, too.
  EXPECT_THAT(Connect(host, TrustingAs(authority_, authority_.Sign("client"))),
              IsOk());
}

TEST_F(TlsTest, PlaintextIsRefused) {
  TestHost host(WithFlags(TlsFlags(daemon_)), Trusting(authority_));
  EXPECT_THAT(Connect(host, {}), Refused(absl::StatusCode::kUnavailable));
  ExpectServes(host.host());
  ExpectServes(host.ConnectAgain(Trusting(authority_)));
}

// A daemon that is not the one the client trusts.
TEST_F(TlsTest, ClientRefusesAnotherAuthoritysDaemon) {
  const Authority other;
  TestHost host(WithFlags(TlsFlags(daemon_)), Trusting(authority_));
  EXPECT_THAT(Connect(host, Trusting(other)),
              Refused(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, UnixPathsGoWithoutTls) {
  const TempDir folder = Must(TempDir::Create());
  const std::string address = absl::StrCat("unix:", folder.path(), "/control");
  TestHost host(ListenOn({"127.0.0.1:0", address}, TlsFlags(daemon_)),
                Trusting(authority_));
  ExpectServes(Must(Host::Connect(address)));
}

TEST_F(TlsTest, AloneIsNotEnoughForOtherHosts) {
  std::vector<std::string> command = TlsFlags(daemon_);
  command.insert(command.begin(), TestDaemonPath());
  command.push_back("--listen=0.0.0.0:0");
  const CommandResult result = Must(RunCommand(command, absl::Minutes(1)));
  EXPECT_EQ(result.status.code, 1);
  EXPECT_THAT(result.errors,
              AllOf(HasSubstr("0.0.0.0:0"), HasSubstr("--tls_client_ca")));
}

TEST_F(TlsTest, ReplacedCertificateIsTakenUp) {
  const TempDir folder = Must(TempDir::Create());
  const Certificate used = {.certificate = folder.path() + "/used.pem",
                            .key = folder.path() + "/used.key"};
  // As an administrator's tools do: each file is replaced at once.
  const auto put = [&used](const Certificate& certificate) {
    for (const auto& [from, to] :
         {std::pair(certificate.certificate, used.certificate),
          std::pair(certificate.key, used.key)}) {
      const std::string next = to + ".next";
      std::ofstream(next) << std::ifstream(from).rdbuf();
      ASSERT_EQ(std::rename(next.c_str(), to.c_str()), 0);
    }
  };
  put(daemon_);
  TestHost host(WithFlags(TlsFlags(used)), Trusting(authority_));
  EXPECT_THAT(ShownBy(host), HasSubstr("CN = daemon"));
  put(authority_.Sign("renewed"));
  ASSERT_TRUE(Eventually(
      [&host] { return absl::StrContains(ShownBy(host), "CN = renewed"); }));
  // Those that were connected go on, and others can connect.
  ExpectServes(host.host());
  ExpectServes(host.ConnectAgain(Trusting(authority_)));

  // A bad replacement does not take effect, and does no harm.
  std::ofstream(used.certificate) << "not a certificate";
  ExpectServes(host.ConnectAgain(Trusting(authority_)));
  put(authority_.Sign("again"));
  ASSERT_TRUE(Eventually(
      [&host] { return absl::StrContains(ShownBy(host), "CN = again"); }));
}

class MutualTlsTest : public TlsTest {
 protected:
  TestHost host_{WithFlags(MutualTlsFlags(daemon_, authority_)),
                 TrustingAs(authority_, authority_.Sign("client"))};
};

TEST_F(MutualTlsTest, Works) { ExpectServes(host_.host()); }

TEST_F(MutualTlsTest, ServesOtherHosts) {
  const ConnectOptions client =
      TrustingAs(authority_, authority_.Sign("client"));
  TestHost host(ListenOn({"127.0.0.1:0", "0.0.0.0:0"},
                         MutualTlsFlags(daemon_, authority_)),
                client);
  const std::string& address = host.daemon().addresses()[1];
  EXPECT_THAT(Host::Connect(
                  absl::StrCat("127.0.0.1", address.substr(address.rfind(':'))),
                  client),
              IsOk());
}

TEST_F(MutualTlsTest, RefusesAllOthers) {
  const Authority other;
  const Certificate foreign = other.Sign("client");
  const Certificate expired = authority_.Sign("expired", -1);
  const auto refused = Refused(absl::StatusCode::kUnavailable);
  // None at all, another authority's, one that was good once, plain text.
  EXPECT_THAT(Connect(host_, Trusting(authority_)), refused);
  EXPECT_THAT(Connect(host_, TrustingAs(authority_, foreign)), refused);
  EXPECT_THAT(Connect(host_, TrustingAs(authority_, expired)), refused);
  EXPECT_THAT(Connect(host_, {}), refused);
  // And goes on serving.
  ExpectServes(host_.host());
  ExpectServes(
      host_.ConnectAgain(TrustingAs(authority_, authority_.Sign("another"))));
}

// A client certificate that works is the clients' authority's, not the
// daemon's.
TEST_F(MutualTlsTest, AuthoritiesMayDiffer) {
  const Authority clients;
  TestHost host(WithFlags(MutualTlsFlags(daemon_, clients)),
                TrustingAs(authority_, clients.Sign("client")));
  ExpectServes(host.host());
  EXPECT_THAT(Connect(host, TrustingAs(authority_, authority_.Sign("client"))),
              Refused(absl::StatusCode::kUnavailable));
}

class TlsFilesTest : public TlsTest {
 protected:
  // The daemon can't start with these flags and says which one is wrong.
  static void ExpectWrong(std::vector<std::string> flags,
                          const std::string& flag) {
    flags.insert(flags.begin(), {TestDaemonPath(), "--listen=127.0.0.1:0"});
    const CommandResult result = Must(RunCommand(flags, absl::Minutes(1)));
    EXPECT_EQ(result.status.code, 1) << result.status.ToString();
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors,
                AllOf(HasSubstr("standoffd: "), HasSubstr(flag)));
    EXPECT_THAT(result.errors, Not(HasSubstr("PRIVATE KEY")));
  }
};

TEST_F(TlsFilesTest, WrongFiles) {
  const Authority other;
  const Certificate another = other.Sign("another");
  const std::string cert = "--tls_cert=" + daemon_.certificate;
  const std::string key = "--tls_key=" + daemon_.key;
  ExpectWrong({cert}, "--tls_key");
  ExpectWrong({key}, "--tls_cert");
  ExpectWrong({"--tls_client_ca=" + authority_.ca()}, "--tls_client_ca");
  ExpectWrong({"--tls_cert=/no/such/file", key}, "--tls_cert=/no/such/file");
  ExpectWrong({cert, "--tls_key=/no/such/file"}, "--tls_key=/no/such/file");
  ExpectWrong({cert, key, "--tls_client_ca=/no/such/file"},
              "--tls_client_ca=/no/such/file");
  ExpectWrong({cert, "--tls_key=" + another.key}, "--tls_key=" + another.key);
  ExpectWrong({"--tls_cert=" + daemon_.key, key}, "--tls_cert=" + daemon_.key);
  ExpectWrong({cert, "--tls_key=" + daemon_.certificate},
              "--tls_key=" + daemon_.certificate);
  ExpectWrong({cert, key, "--tls_client_ca=" + daemon_.key},
              "--tls_client_ca=" + daemon_.key);
  ExpectWrong({"--tls_cert=/tmp", key}, "--tls_cert=/tmp");
  ExpectWrong({"--tls_cert=/dev/null", key}, "--tls_cert=/dev/null");
}

}  // namespace
}  // namespace standoff::client

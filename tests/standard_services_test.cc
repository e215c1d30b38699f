// The services that gRPC's own tools know: health, reflection, channelz.

#include <grpcpp/version_info.h>
#include <signal.h>

#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/raw_call.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

// A message whose only field, of this number, is a string.
std::string WithString(int field, const std::string& text) {
  return absl::StrCat(std::string(1, static_cast<char>(field << 3 | 2)),
                      std::string(1, static_cast<char>(text.size())), text);
}

// HealthCheckResponse{status: SERVING}, and NOT_SERVING.
constexpr absl::string_view kServing = "\x08\x01";
constexpr absl::string_view kNotServing = "\x08\x02";

absl::StatusOr<std::string> CheckHealth(const TestHost& host,
                                        const std::string& service) {
  return RawCall(host.host().address(), "/grpc.health.v1.Health/Check",
                 service.empty() ? "" : WithString(1, service));
}

TEST(HealthTest, Serves) {
  const TestHost host;
  EXPECT_EQ(Must(CheckHealth(host, "")), kServing);
  EXPECT_THAT(CheckHealth(host, "no.such.Service"),
              Refused(absl::StatusCode::kNotFound));
}

TEST(HealthTest, ServesWhenTheLimitOfWaitingCallsIsReached) {
  const TestHost host(WithFlags({"--max_waiting_calls=1"}));
  auto polling = host->Async().Poll({});
  ASSERT_TRUE(WaitingCallsBecome(host.host(), 1));
  EXPECT_EQ(Must(CheckHealth(host, "")), kServing);
}

TEST(HealthTest, SaysThatItEnds) {
  TestHost host;
  const Host& client = host.host();
  EXPECT_EQ(Must(CheckHealth(host, "")), kServing);
  EXPECT_TRUE(Must(host.daemon().Stop()).ok());
  EXPECT_THAT(client.GetInfo({.deadline = absl::Minutes(1)}),
              Refused(absl::StatusCode::kUnavailable));
}

// Load balancers and supervisors hear it before their connection ends.
TEST(HealthTest, TellsWhoWatchesThatItEnds) {
  TestHost host;
  RawStream watch(host.host().address(), "/grpc.health.v1.Health/Watch", "");
  EXPECT_EQ(watch.Read(), kServing);
  host.daemon().Signal(SIGTERM);
  EXPECT_EQ(watch.Read(), kNotServing);
  EXPECT_EQ(watch.Read(), std::nullopt);
  EXPECT_FALSE(watch.Finish().ok());
  EXPECT_TRUE(Must(host.daemon().Wait(absl::Minutes(1))).ok());
}

constexpr char kReflect[] =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

TEST(ReflectionTest, ListsTheServices) {
  const TestHost host;
  // ServerReflectionRequest{list_services: "*"}.
  const std::string services =
      Must(RawCall(host.host().address(), kReflect, WithString(7, "*")));
  for (const char* service :
       {"standoff.v1.SocketService", "standoff.v1.OperationService",
        "standoff.v1.SessionService", "standoff.v1.HostService",
        "standoff.v1.DiagnosisService", "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection"}) {
    EXPECT_THAT(services, HasSubstr(service));
  }
  EXPECT_THAT(services, ::testing::Not(HasSubstr("channelz")));
}

// A client that has only this can make all calls.
TEST(ReflectionTest, DescribesEachService) {
  const TestHost host;
  for (const auto& [symbol, file] :
       {std::pair("standoff.v1.SocketService",
                  "standoff/v1/socket_service.proto"),
        std::pair("standoff.v1.OperationService",
                  "standoff/v1/operation_service.proto"),
        std::pair("standoff.v1.SessionService",
                  "standoff/v1/session_service.proto"),
        std::pair("standoff.v1.HostService", "standoff/v1/host_service.proto"),
        std::pair("standoff.v1.DiagnosisService",
                  "standoff/v1/diagnosis_service.proto"),
        std::pair("standoff.v1.SocketService.Receive",
                  "standoff/v1/socket_service.proto"),
        std::pair("standoff.v1.Outcome", "standoff/v1/outcome.proto"),
        std::pair("grpc.health.v1.Health", "grpc/health/v1/health.proto"),
        std::pair("grpc.reflection.v1alpha.ServerReflection",
                  "grpc/reflection/v1alpha/reflection.proto")}) {
    // ServerReflectionRequest{file_containing_symbol: symbol}.
    EXPECT_THAT(
        Must(RawCall(host.host().address(), kReflect, WithString(4, symbol))),
        HasSubstr(file));
  }
}

// As for a symbol that nobody knows.
TEST(ReflectionTest, SaysWhatIsUnknown) {
  const TestHost host;
  EXPECT_THAT(
      Must(RawCall(host.host().address(), kReflect, WithString(4, "no.such"))),
      HasSubstr("there is no symbol 'no.such'"));
}

TEST(ReflectionTest, RefusesWhatIsNoRequest) {
  const TestHost host;
  EXPECT_THAT(RawCall(host.host().address(), kReflect, "\xff\xff"),
              Refused(absl::StatusCode::kInternal,
                      HasSubstr("message 1 of the stream is no grpc.reflection."
                                "v1alpha.ServerReflectionRequest")));
}

// gRPC's synchronous API would have threads that take part in all polling.
TEST(ReflectionTest, NeedsNoThread) {
  const TestHost host;
  EXPECT_TRUE(ThreadsBecome(host, "grpcpp_sync_ser", 0));
}

TEST(ReflectionTest, DescribesChannelzWithItsFlag) {
  const TestHost host(WithFlags({"--channelz"}));
  EXPECT_THAT(
      Must(RawCall(host.host().address(), kReflect, WithString(7, "*"))),
      HasSubstr("grpc.channelz.v1.Channelz"));
  EXPECT_THAT(Must(RawCall(host.host().address(), kReflect,
                           WithString(4, "grpc.channelz.v1.Channelz"))),
              HasSubstr("GetServers"));
}

constexpr char kGetServers[] = "/grpc.channelz.v1.Channelz/GetServers";

TEST(ChannelzTest, OnlyWithItsFlag) {
  const TestHost without;
  EXPECT_THAT(RawCall(without.host().address(), kGetServers, ""),
              Refused(absl::StatusCode::kUnimplemented));
  const TestHost with(WithFlags({"--channelz"}));
  EXPECT_THAT(RawCall(with.host().address(), kGetServers, ""), IsOk());
}

TEST(ChannelzTest, SaysThatItsLibraryCantBeLoaded) {
  const TempDir folder = Must(TempDir::Create());
  const std::string library =
      absl::StrCat(folder.path(), "/libgrpcpp_channelz.so.",
                   GRPC_CPP_VERSION_MAJOR, ".", GRPC_CPP_VERSION_MINOR);
  std::ofstream(library) << "none";
  const CommandResult result =
      Must(RunCommand({"env", "LD_LIBRARY_PATH=" + folder.path(),
                       TestDaemonPath(), "--channelz", "--listen=127.0.0.1:0"},
                      absl::Minutes(1)));
  EXPECT_EQ(result.status.code, 1);
  EXPECT_THAT(result.errors, HasSubstr("--channelz: can't load"));
  EXPECT_THAT(result.errors, HasSubstr(library));
}

TEST(UnknownMethodTest, IsUnimplemented) {
  const TestHost host;
  EXPECT_THAT(RawCall(host.host().address(),
                      "/standoff.v1.SocketService/NoSuchMethod", ""),
              Refused(absl::StatusCode::kUnimplemented));
  // gRPC says the same of bytes that are no message.
  EXPECT_THAT(RawCall(host.host().address(), "/standoff.v1.SocketService/Open",
                      "\xff\xff\xff\xff"),
              ::testing::Not(IsOk()));
  EXPECT_THAT(host->GetInfo(), IsOk());
}

}  // namespace
}  // namespace standoff::client

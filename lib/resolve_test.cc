#include "lib/resolve.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"

namespace standoff {
namespace {

// A name that the resolver below does not answer until it is told to.
constexpr char kSilentName[] = "silent.invalid";

// Name servers that don't answer, which a test can't have without privileges.
class SilentResolver {
 public:
  // For getaddrinfo: waits until Answer().
  int WaitForAnswer() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    const int generation = generation_;
    answered_.wait(lock, [&] { return generation_ != generation; });
    --waiting_;
    return EAI_NONAME;
  }

  int waiting() {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

  // Answers all that wait.
  void Answer() {
    std::lock_guard lock(mutex_);
    ++generation_;
    answered_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  int waiting_ = 0;
  int generation_ = 0;
};

SilentResolver& TheSilentResolver() {
  static auto* const resolver = new SilentResolver;
  return *resolver;
}

}  // namespace
}  // namespace standoff

// Stands before the C library's.
extern "C" int getaddrinfo(const char* host, const char* service,
                           const addrinfo* hints, addrinfo** list) {
  if (host != nullptr && std::strcmp(host, standoff::kSilentName) == 0) {
    return standoff::TheSilentResolver().WaitForAnswer();
  }
  using Function = decltype(&getaddrinfo);
  static const auto real =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, service, hints, list);
}

namespace standoff {
namespace {

using Background = BackgroundCall<Result<Resolved>>;

MATCHER_P(FailedToLookUp, error, LookupErrorName(error)) {
  const Outcome& outcome = OutcomeOf(arg);
  *result_listener << outcome;
  return outcome.ending == Ending::kFailed && outcome.lookup_error == error &&
         outcome.syscall == std::string("getaddrinfo");
}

TEST(ResolveTest, Literals) {
  for (const char* host : {"127.0.0.1", "::1", "192.0.2.1", "2001:db8::1"}) {
    const Result<Resolved> resolved =
        Resolve({.host = host, .service = "80", .type = SOCK_STREAM});
    EXPECT_THAT(resolved, Returned(0)) << host;
    EXPECT_STREQ(resolved.outcome.syscall, "getaddrinfo");
    ASSERT_EQ(resolved.value.addresses.size(), 1u);
    const ResolvedAddress& found = resolved.value.addresses[0];
    EXPECT_EQ(found.address, *Address::Ip(host, 80));
    EXPECT_EQ(found.family, found.address.family());
    EXPECT_EQ(found.type, SOCK_STREAM);
    EXPECT_EQ(found.protocol, IPPROTO_TCP);
    EXPECT_EQ(resolved.value.canonical_name, "");
  }
}

TEST(ResolveTest, Localhost) {
  const Result<Resolved> resolved = Resolve({.host = "localhost"});
  EXPECT_THAT(resolved, Returned(0));
  ASSERT_FALSE(resolved.value.addresses.empty());
  for (const ResolvedAddress& found : resolved.value.addresses) {
    EXPECT_TRUE(found.address == *Address::Ip("127.0.0.1", 0) ||
                found.address == *Address::Ip("::1", 0))
        << found.address;
  }
}

TEST(ResolveTest, FamilyTypeAndProtocolAreFollowed) {
  const Result<Resolved> resolved = Resolve({.host = "localhost",
                                             .service = "7",
                                             .family = AF_INET,
                                             .type = SOCK_DGRAM,
                                             .protocol = IPPROTO_UDP});
  EXPECT_THAT(resolved, Returned(0));
  for (const ResolvedAddress& found : resolved.value.addresses) {
    EXPECT_EQ(found.family, AF_INET);
    EXPECT_EQ(found.type, SOCK_DGRAM);
    EXPECT_EQ(found.protocol, IPPROTO_UDP);
    EXPECT_EQ(found.address.port(), 7);
  }
  EXPECT_THAT(Resolve({.host = "::1", .family = AF_INET}),
              FailedToLookUp(EAI_ADDRFAMILY));
}

TEST(ResolveTest, WithoutATypeThereIsOneOfEach) {
  const Result<Resolved> resolved =
      Resolve({.host = "127.0.0.1", .service = "80"});
  std::set<int> types;
  for (const ResolvedAddress& found : resolved.value.addresses) {
    types.insert(found.type);
  }
  EXPECT_EQ(types.count(SOCK_STREAM), 1u);
  EXPECT_EQ(types.count(SOCK_DGRAM), 1u);
}

TEST(ResolveTest, PassiveIsTheWildcard) {
  const auto look_up = [](int family, int flags) {
    const Result<Resolved> resolved = Resolve({.service = "80",
                                               .family = family,
                                               .type = SOCK_STREAM,
                                               .flags = flags});
    EXPECT_THAT(resolved, Returned(0));
    return resolved.value.addresses.empty()
               ? Address()
               : resolved.value.addresses[0].address;
  };
  EXPECT_EQ(look_up(AF_INET, AI_PASSIVE), *Address::Ip("0.0.0.0", 80));
  EXPECT_EQ(look_up(AF_INET6, AI_PASSIVE), *Address::Ip("::", 80));
  EXPECT_EQ(look_up(AF_INET, 0), *Address::Ip("127.0.0.1", 80));
  EXPECT_EQ(look_up(AF_INET6, 0), *Address::Ip("::1", 80));
}

TEST(ResolveTest, CanonicalName) {
  const Result<Resolved> resolved =
      Resolve({.host = "127.0.0.1", .flags = AI_CANONNAME});
  EXPECT_THAT(resolved, Returned(0));
  EXPECT_EQ(resolved.value.canonical_name, "127.0.0.1");
}

TEST(ResolveTest, NumericOnlyAsksNobody) {
  EXPECT_THAT(Resolve({.host = "localhost", .flags = AI_NUMERICHOST}),
              FailedToLookUp(EAI_NONAME));
  EXPECT_THAT(
      Resolve(
          {.host = "127.0.0.1", .service = "http", .flags = AI_NUMERICSERV}),
      FailedToLookUp(EAI_NONAME));
}

TEST(ResolveTest, ANameThatDoesNotExistIsAnOutcome) {
  // "invalid" is no domain (RFC 6761). Without a network nobody can say so.
  const Result<Resolved> resolved =
      Resolve({.host = "no-such-name.invalid", .service = "80"});
  EXPECT_EQ(resolved.outcome.ending, Ending::kFailed);
  EXPECT_TRUE(resolved.outcome.lookup_error == EAI_NONAME ||
              resolved.outcome.lookup_error == EAI_AGAIN)
      << resolved.outcome;
  EXPECT_TRUE(resolved.value.addresses.empty());
  EXPECT_GT(resolved.outcome.elapsed, absl::ZeroDuration());
}

TEST(ResolveTest, BadRequestsAreOutcomes) {
  EXPECT_THAT(Resolve({.host = "127.0.0.1",
                       .service = "no-such-service",
                       .type = SOCK_STREAM}),
              FailedToLookUp(EAI_SERVICE));
  EXPECT_THAT(Resolve({.host = "127.0.0.1", .flags = 1 << 30}),
              FailedToLookUp(EAI_BADFLAGS));
  EXPECT_THAT(Resolve({.host = "127.0.0.1", .family = 12345}),
              FailedToLookUp(EAI_FAMILY));
  EXPECT_THAT(Resolve({.host = "127.0.0.1", .type = 99}),
              FailedToLookUp(EAI_SOCKTYPE));
  EXPECT_THAT(Resolve({}), FailedToLookUp(EAI_NONAME));
}

// What stands after a NUL must not be cut off in silence.
TEST(ResolveTest, ANulMakesNoName) {
  const std::string host("127.0.0.1\0.example.com", 22);
  EXPECT_THAT(Resolve({.host = host}), FailedToLookUp(EAI_NONAME));
  EXPECT_THAT(Resolve({.host = "127.0.0.1", .service = std::string("80\0", 3)}),
              FailedToLookUp(EAI_NONAME));
}

TEST(ResolveTest, LongNamesAreOutcomes) {
  EXPECT_EQ(Resolve({.host = std::string(100'000, 'n')}).outcome.ending,
            Ending::kFailed);
}

TEST(ResolveTest, RunningOutOfDescriptorsIsAnOutcome) {
  rlimit old_limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  rlimit limit = old_limit;
  limit.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const Outcome outcome = Resolve({.host = "127.0.0.1"}).outcome;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
  EXPECT_THAT(outcome, FailedToLookUp(EAI_SYSTEM));
  EXPECT_EQ(outcome.error, EMFILE);
}

class SilentResolverTest : public ::testing::Test {
 protected:
  ~SilentResolverTest() override {
    resolver_.Answer();
    // The threads that nobody waits for any more.
    EXPECT_TRUE(WaitFor([&] { return resolver_.waiting() == 0; }));
  }

  std::unique_ptr<Background> StartLookUp() {
    return std::make_unique<Background>(
        [this] { return Resolve({.host = kSilentName}, &interruption_); });
  }

  SilentResolver& resolver_ = TheSilentResolver();
  Interruption interruption_;
};

TEST_F(SilentResolverTest, AnswerIsWaitedFor) {
  const auto look_up = StartLookUp();
  ASSERT_TRUE(look_up->WaitUntilAsleepIn(SYS_ppoll));
  ASSERT_TRUE(WaitFor([&] { return resolver_.waiting() == 1; }));
  resolver_.Answer();
  const Result<Resolved> resolved = look_up->Join();
  EXPECT_THAT(resolved, FailedToLookUp(EAI_NONAME));
  EXPECT_GT(resolved.outcome.blocked, absl::ZeroDuration());
  EXPECT_GE(resolved.outcome.elapsed, resolved.outcome.blocked);
}

TEST_F(SilentResolverTest, InterruptionEndsTheCall) {
  const auto look_up = StartLookUp();
  ASSERT_TRUE(look_up->WaitUntilAsleepIn(SYS_ppoll));
  ASSERT_TRUE(WaitFor([&] { return resolver_.waiting() == 1; }));
  interruption_.Interrupt();
  EXPECT_THAT(look_up->Join(), Interrupted());
  // The C library goes on by itself.
  EXPECT_EQ(resolver_.waiting(), 1);
}

TEST_F(SilentResolverTest, InterruptionBeforeTheCallAsksNobody) {
  interruption_.Interrupt();
  const Result<Resolved> resolved =
      Resolve({.host = kSilentName}, &interruption_);
  EXPECT_THAT(resolved, Interrupted());
  EXPECT_STREQ(resolved.outcome.syscall, "");
  EXPECT_EQ(resolver_.waiting(), 0);
}

TEST_F(SilentResolverTest, ThereIsALimit) {
  std::vector<std::unique_ptr<Background>> look_ups;
  for (int i = 0; i < kMaxLookUps; ++i) look_ups.push_back(StartLookUp());
  ASSERT_TRUE(WaitFor([&] { return resolver_.waiting() == kMaxLookUps; }));
  const Result<Resolved> refused = Resolve({.host = "127.0.0.1"});
  EXPECT_THAT(refused, FailedToLookUp(EAI_AGAIN));
  // Interrupted or not, a look-up counts until the C library has ended it.
  interruption_.Interrupt();
  for (auto& look_up : look_ups) EXPECT_THAT(look_up->Join(), Interrupted());
  EXPECT_THAT(Resolve({.host = "127.0.0.1"}), FailedToLookUp(EAI_AGAIN));
  resolver_.Answer();
  EXPECT_TRUE(
      WaitFor([&] { return Resolve({.host = "127.0.0.1"}).outcome.ok(); }));
}

// A look-up that has returned counts no more, and at once.
TEST_F(SilentResolverTest, ALookUpThatReturnedMakesRoom) {
  std::vector<std::unique_ptr<Background>> look_ups;
  for (int i = 0; i < kMaxLookUps - 1; ++i) look_ups.push_back(StartLookUp());
  ASSERT_TRUE(WaitFor([&] { return resolver_.waiting() == kMaxLookUps - 1; }));
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    if (!Resolve({.host = "127.0.0.1"}).ok()) ++refused;
  }
  EXPECT_EQ(refused, 0);
  interruption_.Interrupt();
}

}  // namespace
}  // namespace standoff

#include "server/sessions/session_table.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/testing/background_call.h"
#include "server/host_resources.h"
#include "server/sessions/session.h"

namespace standoff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Hours(1);
constexpr absl::Duration kShort = absl::Milliseconds(50);

class SessionTableTest : public ::testing::Test {
 protected:
  static Limits SmallLimits() {
    Limits limits;
    limits.max_sessions = 4;
    return limits;
  }

  // Makes a session and ends the call.
  absl::Status Create(const std::string& name, absl::Duration lease = kLong) {
    return table_.Create(name, {}, lease).status();
  }

  bool Exists(const std::string& name) { return Names().contains(name); }

  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& session : table_.All()) names.insert(session->name());
    return names;
  }

  HostResources host_{SmallLimits()};
  SessionTable table_{host_};
};

TEST_F(SessionTableTest, HasTheDefaultFromTheBeginning) {
  const absl::StatusOr<SessionUse> use = table_.Use(kDefaultSession);
  ASSERT_TRUE(use.ok()) << use.status();
  EXPECT_EQ((*use)->name(), "default");
  EXPECT_EQ((*use)->lease().length(), absl::ZeroDuration());
  EXPECT_EQ(table_.size(), 1);
}

TEST_F(SessionTableTest, Creates) {
  absl::StatusOr<SessionUse> made =
      table_.Create("own", {{"label", "text"}}, kLong);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*made)->name(), "own");
  EXPECT_EQ((*made)->lease().length(), kLong);
  EXPECT_EQ((*made)->ToProto().labels().at("label"), "text");
  const absl::StatusOr<SessionUse> use = table_.Use("own");
  ASSERT_TRUE(use.ok()) << use.status();
  EXPECT_EQ(use->get(), made->get());
}

TEST_F(SessionTableTest, ListsInTheOrderOfMaking) {
  EXPECT_EQ(Create("c"), absl::OkStatus());
  EXPECT_EQ(Create("a"), absl::OkStatus());
  EXPECT_EQ(Create("b"), absl::OkStatus());
  std::vector<std::string> names;
  for (const auto& session : table_.All()) names.push_back(session->name());
  EXPECT_THAT(names, ElementsAre("default", "c", "a", "b"));
}

TEST_F(SessionTableTest, GivesNames) {
  const absl::StatusOr<SessionUse> one = table_.Create("", {}, kLong);
  const absl::StatusOr<SessionUse> other = table_.Create("", {}, kLong);
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE((*one)->name(), (*other)->name());
  EXPECT_GE((*one)->name().size(), 16u);
}

TEST_F(SessionTableTest, RefusesMalformedNames) {
  for (const std::string& name :
       {std::string("a b"), std::string("ä"), std::string("a/b"),
        std::string("a\0", 2), std::string(65, 'x')}) {
    const absl::Status status = Create(name);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("name: "));
  }
  EXPECT_EQ(Create(std::string(64, 'x')), absl::OkStatus());
  EXPECT_EQ(table_.size(), 2);
}

TEST_F(SessionTableTest, RefusesANameInUse) {
  EXPECT_EQ(Create("own"), absl::OkStatus());
  for (const char* name : {"own", kDefaultSession}) {
    const absl::Status status = Create(name);
    EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("name: "), HasSubstr(name)));
  }
  EXPECT_EQ(table_.size(), 2);
}

TEST_F(SessionTableTest, RefusesMoreThanTheLimit) {
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(Create(name), absl::OkStatus());
  }
  const absl::Status status = Create("d");
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("limit 4"), HasSubstr("--max_sessions")));
  (*table_.Take("b"))->End(SessionHasEnded());
  EXPECT_EQ(Create("d"), absl::OkStatus());
}

TEST_F(SessionTableTest, KnowsNoOther) {
  const absl::Status status = table_.Use("none").status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("standoff-session"), HasSubstr("'none'")));
  EXPECT_TRUE(absl::IsNotFound(table_.Take("none").status()));
}

TEST_F(SessionTableTest, TakenOnesAreGone) {
  EXPECT_EQ(Create("own"), absl::OkStatus());
  const auto taken = table_.Take("own");
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_TRUE(absl::IsNotFound(table_.Use("own").status()));
  // The name is free before the session has ended.
  const absl::StatusOr<SessionUse> next = table_.Create("own", {}, kLong);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(next->get(), *taken);
  (*taken)->End(SessionHasEnded());
  EXPECT_TRUE(table_.Use("own").ok());
}

TEST_F(SessionTableTest, TheDefaultIsReplaced) {
  const std::shared_ptr<Session> before = *table_.Take(kDefaultSession);
  const absl::StatusOr<SessionUse> use = table_.Use(kDefaultSession);
  ASSERT_TRUE(use.ok()) << use.status();
  EXPECT_NE(use->get(), before);
  EXPECT_EQ(table_.size(), 1);
  before->End(SessionHasEnded());
  EXPECT_EQ((*use)->end().status(), absl::OkStatus());
}

TEST_F(SessionTableTest, LeasesLapse) {
  std::shared_ptr<Session> session;
  {
    const absl::StatusOr<SessionUse> use = table_.Create("own", {}, kShort);
    ASSERT_TRUE(use.ok()) << use.status();
    session = use->get();
  }
  EXPECT_TRUE(WaitFor([&] { return !Exists("own"); }));
  EXPECT_TRUE(
      WaitFor([&] { return session->end().status() == SessionHasEnded(); }));
  EXPECT_EQ(Names(), std::set<std::string>{"default"});
  EXPECT_TRUE(WaitFor([&] { return table_.size() == 1; }));
}

// One of a shorter lease must not wait for those that were made before.
TEST_F(SessionTableTest, EachLeaseLapsesInItsTime) {
  EXPECT_EQ(Create("long"), absl::OkStatus());
  EXPECT_EQ(Create("short", kShort), absl::OkStatus());
  EXPECT_TRUE(WaitFor([&] { return !Exists("short"); }));
  EXPECT_TRUE(Exists("long"));
}

TEST_F(SessionTableTest, LeasesLapseOnlyWhileNoCallIsInProgress) {
  std::optional<SessionUse> use;
  {
    absl::StatusOr<SessionUse> made = table_.Create("used", {}, kShort);
    ASSERT_TRUE(made.ok()) << made.status();
    use.emplace(*std::move(made));
  }
  // These lapse one after the other, each after as long as the first might.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Create("unused", kShort), absl::OkStatus());
    EXPECT_TRUE(WaitFor([&] { return !Exists("unused"); }));
  }
  EXPECT_TRUE(Exists("used"));
  use.reset();
  EXPECT_TRUE(WaitFor([&] { return !Exists("used"); }));
}

TEST_F(SessionTableTest, ManyThreadsShareTheLimit) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 200; ++j) {
        const std::string name = absl::StrCat("of-", i, "-", j % 2);
        if (!Create(name, kLong).ok()) continue;
        EXPECT_LE(table_.size(), 4 + 4);
        const auto taken = table_.Take(name);
        ASSERT_TRUE(taken.ok()) << taken.status();
        (*taken)->End(SessionHasEnded());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(table_.size(), 1);
}

TEST_F(SessionTableTest, ShutdownEndsAllAndRefusesMore) {
  std::shared_ptr<Session> own;
  {
    const absl::StatusOr<SessionUse> use = table_.Create("own", {}, kLong);
    ASSERT_TRUE(use.ok()) << use.status();
    own = use->get();
  }
  EXPECT_FALSE(table_.is_shut_down());
  table_.Shutdown();
  EXPECT_TRUE(table_.is_shut_down());
  EXPECT_TRUE(absl::IsUnavailable(own->end().status()));
  EXPECT_TRUE(absl::IsUnavailable(table_.Use(kDefaultSession).status()));
  EXPECT_TRUE(absl::IsUnavailable(table_.Use("own").status()));
  EXPECT_TRUE(absl::IsUnavailable(table_.Take("own").status()));
  EXPECT_TRUE(absl::IsUnavailable(Create("other")));
}

}  // namespace
}  // namespace standoff

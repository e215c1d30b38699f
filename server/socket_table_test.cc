#include "server/socket_table.h"

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/socket.h"
#include "lib/testing/matchers.h"
#include "server/quota.h"

namespace standoff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMaxSockets = 3;

std::pair<Socket, Socket> MakePair() {
  Result<std::pair<Socket, Socket>> pair =
      Socket::OpenPair(AF_UNIX, SOCK_STREAM);
  EXPECT_THAT(pair, Returned(0));
  return std::move(pair.value);
}

class SocketTableTest : public ::testing::Test {
 protected:
  // Opens a socket of that name in the table.
  std::shared_ptr<OpenSocket> Add(const std::string& name) {
    absl::StatusOr<SocketTable::Reservation> reservation =
        table_.Reserve(name, "name");
    EXPECT_TRUE(reservation.ok()) << reservation.status();
    const std::string chosen = reservation->name();
    reservation->Fill(MakePair().first, {});
    return *table_.Find(chosen);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& socket : table_.All()) names.push_back(socket->name());
    return names;
  }

  Quota host_{100, "too many sockets are open", "max_sockets"};
  SocketTable table_{kMaxSockets, host_};
};

TEST_F(SocketTableTest, FindsWhatWasFilled) {
  const std::shared_ptr<OpenSocket> socket = Add("left");
  EXPECT_EQ(socket->name(), "left");
  EXPECT_EQ(*table_.Find("left"), socket);
  EXPECT_EQ(table_.size(), 1);
}

TEST_F(SocketTableTest, MakesNames) {
  EXPECT_EQ(Add("")->name(), "s1");
  EXPECT_EQ(Add("s2")->name(), "s2");
  EXPECT_EQ(Add("")->name(), "s3");
}

TEST_F(SocketTableTest, ListsInTheOrderOfOpening) {
  absl::StatusOr<SocketTable::Reservation> first =
      table_.Reserve("reserved-first", "name");
  Add("z");
  Add("a");
  EXPECT_THAT(Names(), ElementsAre("z", "a"));
  first->Fill(MakePair().first, {});
  EXPECT_THAT(Names(), ElementsAre("z", "a", "reserved-first"));
}

TEST_F(SocketTableTest, ReservedNameIsTakenButNotOpen) {
  {
    const auto reservation = table_.Reserve("left", "name");
    ASSERT_TRUE(reservation.ok());
    EXPECT_EQ(table_.size(), 1);
    EXPECT_TRUE(absl::IsNotFound(table_.Find("left").status()));
    EXPECT_TRUE(absl::IsAlreadyExists(table_.Reserve("left", "name").status()));
    EXPECT_THAT(Names(), IsEmpty());
  }
  EXPECT_EQ(table_.size(), 0);
  EXPECT_TRUE(table_.Reserve("left", "name").ok());
}

TEST_F(SocketTableTest, MovedReservationGivesBackOnce) {
  SocketTable::Reservation outer;
  {
    absl::StatusOr<SocketTable::Reservation> inner =
        table_.Reserve("left", "name");
    outer = *std::move(inner);
  }
  EXPECT_EQ(table_.size(), 1);
  EXPECT_EQ(outer.name(), "left");
  outer = SocketTable::Reservation();
  EXPECT_EQ(table_.size(), 0);
}

TEST_F(SocketTableTest, RefusesNamesInUse) {
  Add("left");
  const absl::Status status = table_.Reserve("left", "first_name").status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("first_name: a socket 'left' is open"));
}

TEST_F(SocketTableTest, RefusesMalformedNames) {
  for (const std::string& name :
       {std::string("a b"), std::string("ä"), std::string("a\0", 2),
        std::string(65, 'x')}) {
    const absl::Status status = table_.Reserve(name, "name").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("name: a name has"));
  }
  EXPECT_TRUE(table_.Reserve("._:-09azAZ", "name").ok());
  EXPECT_TRUE(table_.Reserve(std::string(64, 'x'), "name").ok());
}

TEST_F(SocketTableTest, RefusesMoreThanTheLimit) {
  Add("a");
  Add("b");
  const auto reserved = table_.Reserve("c", "name");
  const absl::Status status = table_.Reserve("d", "name").status();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("(limit 3;"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("--max_session_sockets"));
}

TEST_F(SocketTableTest, NamesWhatIsNotOpen) {
  const absl::Status status = table_.Find("9", "items[3].socket").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("items[3].socket: no socket '9' is open"));
  EXPECT_TRUE(absl::IsInvalidArgument(table_.Find("").status()));
}

TEST_F(SocketTableTest, TakesOut) {
  const std::shared_ptr<OpenSocket> first = Add("left");
  EXPECT_TRUE(table_.Take(*first));
  EXPECT_FALSE(table_.Take(*first));
  EXPECT_EQ(table_.size(), 0);
  EXPECT_TRUE(absl::IsNotFound(table_.Find("left").status()));
  // Another one of that name is not the one.
  Add("left");
  EXPECT_FALSE(table_.Take(*first));
  EXPECT_EQ(table_.size(), 1);
}

TEST_F(SocketTableTest, KnowsWhoMadeASocket) {
  const auto actor = std::make_shared<const std::string>("maker");
  absl::StatusOr<SocketTable::Reservation> reservation =
      table_.Reserve("left", "name");
  ASSERT_TRUE(reservation.ok());
  reservation->Fill(MakePair().first, {.operation_id = 7, .actor = actor});
  const SocketUse use = (*table_.Find("left"))->last_use();
  EXPECT_EQ(use.operation_id, 7u);
  EXPECT_EQ(use.actor, actor);
}

}  // namespace
}  // namespace standoff

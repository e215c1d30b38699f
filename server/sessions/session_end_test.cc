#include "server/sessions/session_end.h"

#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Listener final : public SessionEnd::Listener {
 public:
  void OnSessionEnd(const absl::Status& status) override {
    told.push_back(status);
  }

  std::vector<absl::Status> told;
};

const absl::Status kDeleted = absl::NotFoundError("deleted");

TEST(SessionEndTest, TellsItsListeners) {
  SessionEnd end;
  Listener first;
  Listener second;
  EXPECT_EQ(end.Listen(&first), absl::OkStatus());
  EXPECT_EQ(end.Listen(&second), absl::OkStatus());
  EXPECT_EQ(end.status(), absl::OkStatus());
  EXPECT_THAT(first.told, IsEmpty());
  end.Come(kDeleted);
  EXPECT_THAT(first.told, ElementsAre(kDeleted));
  EXPECT_THAT(second.told, ElementsAre(kDeleted));
  EXPECT_EQ(end.status(), kDeleted);
}

TEST(SessionEndTest, ComesOnce) {
  SessionEnd end;
  Listener listener;
  EXPECT_EQ(end.Listen(&listener), absl::OkStatus());
  end.Come(kDeleted);
  end.Come(absl::UnavailableError("shutting down"));
  EXPECT_THAT(listener.told, ElementsAre(kDeleted));
  EXPECT_EQ(end.status(), kDeleted);
}

TEST(SessionEndTest, SaysSoToALateListener) {
  SessionEnd end;
  end.Come(kDeleted);
  Listener listener;
  EXPECT_EQ(end.Listen(&listener), kDeleted);
  EXPECT_THAT(listener.told, IsEmpty());
}

TEST(SessionEndTest, TellsNobodyWhoHasStoppedListening) {
  SessionEnd end;
  Listener listener;
  EXPECT_EQ(end.Listen(&listener), absl::OkStatus());
  end.StopListening(&listener);
  end.Come(kDeleted);
  EXPECT_THAT(listener.told, IsEmpty());
  // Afterwards, too.
  end.StopListening(&listener);
}

}  // namespace
}  // namespace standoff

#include "server/operations/event_log.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kAll = 1000;

// A change of the operation `id`.
OperationChange ChangeOf(uint64_t id) {
  auto label = std::make_shared<OperationLabel>();
  label->id = id;
  label->actor = std::make_shared<const std::string>("a");
  label->method = "Send";
  label->socket = "s1";
  return {.operation = std::move(label),
          .state = v1::OPERATION_STATE_DONE,
          .monotonic_ns = 17,
          .ending = v1::ENDING_FAILED,
          .error = "EPIPE"};
}

class CountingListener final : public EventLog::Listener {
 public:
  void OnEvent() override { ++told; }
  int told = 0;
};

std::vector<uint64_t> IdsOf(const EventLog::Page& page) {
  std::vector<uint64_t> ids;
  for (const auto& event : page.events) ids.push_back(event.operation_id());
  return ids;
}

std::vector<uint64_t> SequencesOf(const EventLog::Page& page) {
  std::vector<uint64_t> sequences;
  for (const auto& event : page.events) sequences.push_back(event.sequence());
  return sequences;
}

TEST(EventLogTest, EmptyAtFirst) {
  const EventLog log(3);
  EXPECT_EQ(log.next_sequence(), 1u);
  const EventLog::Page page = log.Read(1, kAll);
  EXPECT_THAT(page.events, IsEmpty());
  EXPECT_EQ(page.lost, 0u);
  EXPECT_EQ(page.next_sequence, 1u);
  EXPECT_FALSE(page.is_last);
}

TEST(EventLogTest, TimesNeverGoBack) {
  EventLog log(3);
  for (const int64_t time : {20, 10, 20, 30}) {
    OperationChange change = ChangeOf(1);
    change.monotonic_ns = time;
    EXPECT_EQ(log.Add(std::move(change)), std::max<int64_t>(time, 20));
  }
  std::vector<int64_t> times;
  for (const auto& event : log.Read(1, kAll).events) {
    times.push_back(event.monotonic_ns());
  }
  EXPECT_THAT(times, ElementsAre(20, 20, 30));
}

TEST(EventLogTest, KeepsAllThatIsKnown) {
  EventLog log(3);
  log.Add(ChangeOf(7));
  const v1::OperationEvent event = log.Read(1, kAll).events.at(0);
  EXPECT_EQ(event.sequence(), 1u);
  EXPECT_EQ(event.operation_id(), 7u);
  EXPECT_EQ(event.state(), v1::OPERATION_STATE_DONE);
  EXPECT_EQ(event.monotonic_ns(), 17);
  EXPECT_EQ(event.actor(), "a");
  EXPECT_EQ(event.method(), "Send");
  EXPECT_EQ(event.socket(), "s1");
  EXPECT_EQ(event.ending(), v1::ENDING_FAILED);
  EXPECT_EQ(event.error(), "EPIPE");
}

TEST(EventLogTest, InOrderAndInPages) {
  EventLog log(10);
  for (uint64_t id = 11; id <= 15; ++id) log.Add(ChangeOf(id));
  EXPECT_EQ(log.next_sequence(), 6u);
  const EventLog::Page first = log.Read(1, 2);
  EXPECT_THAT(IdsOf(first), ElementsAre(11, 12));
  EXPECT_THAT(SequencesOf(first), ElementsAre(1, 2));
  EXPECT_EQ(first.next_sequence, 3u);
  const EventLog::Page rest = log.Read(first.next_sequence, kAll);
  EXPECT_THAT(IdsOf(rest), ElementsAre(13, 14, 15));
  EXPECT_EQ(rest.next_sequence, 6u);
  EXPECT_THAT(IdsOf(log.Read(6, kAll)), IsEmpty());
  // Reading takes nothing away.
  EXPECT_THAT(IdsOf(log.Read(5, kAll)), ElementsAre(15));
}

TEST(EventLogTest, CountsWhatItHasNoRoomFor) {
  EventLog log(3);
  for (uint64_t id = 11; id <= 15; ++id) log.Add(ChangeOf(id));
  EXPECT_EQ(log.next_sequence(), 6u);
  const EventLog::Page all = log.Read(1, kAll);
  EXPECT_EQ(all.lost, 2u);
  EXPECT_THAT(IdsOf(all), ElementsAre(13, 14, 15));
  EXPECT_THAT(SequencesOf(all), ElementsAre(3, 4, 5));
  // Only those that were wanted.
  EXPECT_EQ(log.Read(2, kAll).lost, 1u);
  EXPECT_EQ(log.Read(3, kAll).lost, 0u);
}

TEST(EventLogTest, TellsAListenerOnce) {
  EventLog log(3);
  CountingListener listener;
  ASSERT_TRUE(log.ListenOnce(1, &listener));
  EXPECT_EQ(listener.told, 0);
  log.Add(ChangeOf(1));
  EXPECT_EQ(listener.told, 1);
  log.Add(ChangeOf(2));
  EXPECT_EQ(listener.told, 1);
  EXPECT_FALSE(log.StopListening(&listener));
}

TEST(EventLogTest, TellsAllListeners) {
  EventLog log(3);
  CountingListener one;
  CountingListener other;
  ASSERT_TRUE(log.ListenOnce(1, &one));
  ASSERT_TRUE(log.ListenOnce(1, &other));
  log.Add(ChangeOf(1));
  EXPECT_EQ(one.told, 1);
  EXPECT_EQ(other.told, 1);
}

TEST(EventLogTest, DoesNotTellOfWhatIsThere) {
  EventLog log(3);
  CountingListener listener;
  log.Add(ChangeOf(1));
  EXPECT_FALSE(log.ListenOnce(1, &listener));
  log.Add(ChangeOf(2));
  EXPECT_EQ(listener.told, 0);
}

TEST(EventLogTest, TellsNobodyWhoStoppedListening) {
  EventLog log(3);
  CountingListener listener;
  ASSERT_TRUE(log.ListenOnce(1, &listener));
  EXPECT_TRUE(log.StopListening(&listener));
  log.Add(ChangeOf(1));
  EXPECT_EQ(listener.told, 0);
}

TEST(EventLogTest, CloseIsAnEvent) {
  EventLog log(3);
  CountingListener listener;
  log.Add(ChangeOf(1));
  ASSERT_TRUE(log.ListenOnce(2, &listener));
  log.Close();
  EXPECT_EQ(listener.told, 1);
  EXPECT_FALSE(log.ListenOnce(2, &listener));
  // What there was can be read to its end.
  EXPECT_FALSE(log.Read(1, 0).is_last);
  const EventLog::Page page = log.Read(1, kAll);
  EXPECT_THAT(IdsOf(page), ElementsAre(1));
  EXPECT_TRUE(page.is_last);
  EXPECT_TRUE(log.Read(2, kAll).is_last);
}

}  // namespace
}  // namespace standoff

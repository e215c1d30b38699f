// Operations to test with, and calls of theirs that sleep.

#ifndef STANDOFF_SERVER_OPERATIONS_TESTING_TEST_OPERATION_H_
#define STANDOFF_SERVER_OPERATIONS_TESTING_TEST_OPERATION_H_

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/poll.h"
#include "lib/timeout.h"
#include "server/operations/event_log.h"
#include "server/operations/operation.h"
#include "server/operations/record.h"
#include "server/operations/sleep_detector.h"
#include "standoff/v1/action.pb.h"

namespace standoff {

// Keeps what it is told.
class TestOwner final : public OperationOwner {
 public:
  // What wakes up is handed to `detector`, which may be null.
  explicit TestOwner(SleepDetector* detector = nullptr) : detector_(detector) {}

  void OnEnded(Operation&, int64_t bytes) override {
    ++ended;
    last_bytes = bytes;
  }
  void OnResized(Operation&, int64_t bytes) override {
    ++resized;
    last_bytes = bytes;
  }
  void OnAwake(Operation& operation) override {
    ++awake;
    if (detector_ != nullptr) detector_->Add(operation.shared_from_this());
  }

  std::atomic<int> ended = 0;
  std::atomic<int> resized = 0;
  std::atomic<int> awake = 0;
  std::atomic<int64_t> last_bytes = 0;

 private:
  SleepDetector* const detector_;
};

inline v1::Action ReceiveAction(const std::string& socket = "s1") {
  v1::Action action;
  action.mutable_receive()->set_socket(socket);
  return action;
}

inline v1::Action SendAction(std::string data) {
  v1::Action action;
  action.mutable_send()->set_socket("s1");
  action.mutable_send()->set_data(std::move(data));
  return action;
}

// A receive that ended so.
inline v1::ActionReply ReceiveReply(v1::Ending ending, std::string data = "") {
  v1::ActionReply reply;
  reply.mutable_receive()->mutable_outcome()->set_ending(ending);
  reply.mutable_receive()->set_data(std::move(data));
  return reply;
}

inline v1::ActionReply GoodReply() { return ReceiveReply(v1::ENDING_RETURNED); }

// Makes operations, numbered from 1.
class OperationMaker {
 public:
  explicit OperationMaker(SleepDetector* detector = nullptr)
      : owner(detector) {}

  // One of an actor's program.
  std::shared_ptr<Operation> Make(
      std::shared_ptr<Program> program = std::make_shared<Program>(true),
      const v1::Action& action = ReceiveAction()) {
    return std::make_shared<Operation>(
        next_id_++,
        std::make_shared<const Operation::Origin>(
            Operation::Origin{.session = "default",
                              .actor = "a",
                              .request_id = "r",
                              .program = std::move(program)}),
        RecordOf(action, Payload::kKept), Quota::Charge(), events, owner);
  }

  EventLog events{1000};
  TestOwner owner;

 private:
  uint64_t next_id_ = 1;
};

// What a call can be asleep for: ppoll(2) of an eventfd.
class TestEvent {
 public:
  TestEvent() = default;
  TestEvent(const TestEvent&) = delete;
  TestEvent& operator=(const TestEvent&) = delete;
  ~TestEvent() { close(fd_); }

  // As an operation's call: until Happen(), a timeout or an interruption.
  Outcome Await(Operation& operation, Timeout timeout = kBlocking) {
    PollItem item = {.fd = fd_, .events = POLLIN};
    return Poll(absl::MakeSpan(&item, 1), timeout, &operation.interruption());
  }
  void Happen() { eventfd_write(fd_, 1); }

 private:
  const int fd_ = eventfd(0, EFD_CLOEXEC);
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_TESTING_TEST_OPERATION_H_

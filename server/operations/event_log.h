// The changes of state of a session's operations, numbered and kept for a
// while.

#ifndef STANDOFF_SERVER_OPERATIONS_EVENT_LOG_H_
#define STANDOFF_SERVER_OPERATIONS_EVENT_LOG_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "standoff/v1/operation.pb.h"

namespace standoff {

// What does not change about an operation.
struct OperationLabel {
  uint64_t id = 0;
  // Null if it has none.
  std::shared_ptr<const std::string> actor;
  // The RPC's name: a string literal.
  const char* method = "";
  // Empty if it acts on none or on several.
  std::string socket;
};

// One change of state.
struct OperationChange {
  std::shared_ptr<const OperationLabel> operation;
  v1::OperationState state = v1::OPERATION_STATE_UNSPECIFIED;
  int64_t monotonic_ns = 0;
  v1::Ending ending = v1::ENDING_UNSPECIFIED;
  // A name, if there was an error.
  std::string error = {};
};

// Thread-safe.
class EventLog {
 public:
  // Is told, once, that there is something new. Must not call the log.
  class Listener {
   public:
    virtual void OnEvent() = 0;

   protected:
    ~Listener() = default;
  };

  // What Read() found.
  struct Page {
    std::vector<v1::OperationEvent> events;
    // Wanted events that are not kept any more.
    uint64_t lost = 0;
    // Where to go on reading.
    uint64_t next_sequence = 1;
    // Whether there will be no more than these.
    bool is_last = false;
  };

  // Keeps the last `capacity` events, at least one.
  explicit EventLog(size_t capacity) : capacity_(capacity) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Returns the change's time: that of the event before if it is earlier, so
  // that times never go back.
  int64_t Add(OperationChange change);

  // There will be no more events.
  void Close();

  // The sequence number that the next event will have.
  uint64_t next_sequence() const;

  // At most `max` events from `sequence` on.
  Page Read(uint64_t sequence, size_t max) const;

  // Tells `listener` once that there is an event from `sequence` on, or will be
  // none. False if that is so already: then it is not told.
  bool ListenOnce(uint64_t sequence, Listener* listener);
  // When this returns, the listener is told no more. False if it has been.
  bool StopListening(Listener* listener);

 private:
  // With `mutex_` held.
  void TellListeners();
  uint64_t end() const { return first_sequence_ + changes_.size(); }
  // Where the change of that number is in `changes_`.
  size_t PlaceOf(uint64_t sequence) const { return (sequence - 1) % capacity_; }

  const size_t capacity_;
  mutable std::mutex mutex_;
  // A ring once it has grown to the capacity: a new one then takes the place of
  // the first. Guarded by `mutex_`, as is what follows.
  std::deque<OperationChange> changes_;
  // Of the last one.
  int64_t last_ns_ = 0;
  // Of the first one kept.
  uint64_t first_sequence_ = 1;
  absl::flat_hash_set<Listener*> listeners_;
  bool closed_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_EVENT_LOG_H_

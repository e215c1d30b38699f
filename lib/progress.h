// How far a call has come, for those who look on.

#ifndef STANDOFF_LIB_PROGRESS_H_
#define STANDOFF_LIB_PROGRESS_H_

#include <atomic>
#include <cstdint>
#include <optional>

namespace standoff {

// Of one call. Thread-safe.
class Progress {
 public:
  // The call makes several system calls, and they have moved so many bytes.
  void SetMoved(uint64_t bytes) { moved_ = static_cast<int64_t>(bytes); }
  // It moved so many before it began to count.
  void SetMovedBefore(uint64_t bytes) { before_ = static_cast<int64_t>(bytes); }
  // How many bytes it has moved; nullopt if it does not count.
  std::optional<uint64_t> moved() const {
    const int64_t moved = moved_;
    if (moved < 0) return std::nullopt;
    return static_cast<uint64_t>(moved + before_);
  }

  // BytesTaken() of its socket (lib/inspection.h) when it began.
  void SetTakenAtStart(uint64_t bytes) { taken_ = static_cast<int64_t>(bytes); }
  std::optional<uint64_t> taken_at_start() const {
    const int64_t taken = taken_;
    if (taken < 0) return std::nullopt;
    return static_cast<uint64_t>(taken);
  }

 private:
  std::atomic<int64_t> moved_ = -1;
  std::atomic<int64_t> before_ = 0;
  std::atomic<int64_t> taken_ = -1;
};

}  // namespace standoff

#endif  // STANDOFF_LIB_PROGRESS_H_

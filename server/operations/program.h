// The operations that are started together, and what they know of each other.

#ifndef STANDOFF_SERVER_OPERATIONS_PROGRAM_H_
#define STANDOFF_SERVER_OPERATIONS_PROGRAM_H_

#include <atomic>
#include <cstdint>
#include <limits>

namespace standoff {

// The operations of one StartRequest.
class Program {
 public:
  // `skip_on_failure`: whether the rest is skipped when one fails.
  explicit Program(bool skip_on_failure) : skip_on_failure_(skip_on_failure) {}

  // The operation has failed, or was cancelled or skipped.
  void OnFailed(uint64_t id) {
    uint64_t first = first_failed_;
    while (id < first && !first_failed_.compare_exchange_weak(first, id)) {
    }
  }
  // Whether the operation is skipped, since one before it has failed. Their ids
  // are in the order of the program.
  bool Skips(uint64_t id) const {
    return skip_on_failure_ && first_failed_ < id;
  }

 private:
  const bool skip_on_failure_;
  std::atomic<uint64_t> first_failed_ = std::numeric_limits<uint64_t>::max();
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_PROGRAM_H_

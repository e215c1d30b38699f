// Memory that requests ask for by a number in them, bounded for all together.

#ifndef STANDOFF_SERVER_MEMORY_BUDGET_H_
#define STANDOFF_SERVER_MEMORY_BUDGET_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/limits.h"

namespace standoff {

// Thread-safe.
class MemoryBudget {
 public:
  // Bytes that were taken from a budget; they are given back in the end.
  class Charge {
   public:
    Charge() = default;
    Charge(Charge&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)),
          bytes_(other.bytes_) {}
    Charge& operator=(Charge&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Charge() {
      if (budget_ != nullptr) budget_->in_use_ -= bytes_;
    }

   private:
    friend class MemoryBudget;
    Charge(MemoryBudget* budget, int64_t bytes)
        : budget_(budget), bytes_(bytes) {}

    MemoryBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  explicit MemoryBudget(int64_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // ResourceExhausted if there is not so much left. The budget must outlive
  // the charge.
  absl::StatusOr<Charge> Take(int64_t bytes) {
    Charge charge(this, bytes);
    if ((in_use_ += bytes) <= limit_) return charge;
    return LimitError(absl::StrCat("too much memory is in use for patterns; ",
                                   bytes, " bytes more can't be had"),
                      limit_, "max_pattern_memory");
  }

  int64_t in_use() const { return in_use_; }

 private:
  const int64_t limit_;
  std::atomic<int64_t> in_use_ = 0;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_MEMORY_BUDGET_H_

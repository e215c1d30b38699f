// A limited resource, and what is taken of it.

#ifndef STANDOFF_SERVER_QUOTA_H_
#define STANDOFF_SERVER_QUOTA_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/limits.h"

namespace standoff {

// Thread-safe.
class Quota {
 public:
  // An amount that was taken; it is given back in the end.
  class Charge {
   public:
    Charge() = default;
    Charge(Charge&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)),
          amount_(other.amount_) {}
    Charge& operator=(Charge&& other) noexcept {
      std::swap(quota_, other.quota_);
      std::swap(amount_, other.amount_);
      return *this;
    }
    ~Charge() {
      if (quota_ != nullptr) quota_->Give(amount_);
    }

   private:
    friend class Quota;
    Charge(Quota* quota, int64_t amount) : quota_(quota), amount_(amount) {}

    Quota* quota_ = nullptr;
    int64_t amount_ = 0;
  };

  // What a refusal says: `what` ("too many sockets are open"), the limit, and
  // the flag that sets it. What is taken is taken of `parent`, too, which may
  // be null; it must outlive this.
  Quota(int64_t limit, const char* what, const char* flag,
        Quota* parent = nullptr)
      : limit_(limit), what_(what), flag_(flag), parent_(parent) {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  // ResourceExhausted if there is not so much left. The quota must outlive the
  // charge.
  absl::StatusOr<Charge> Take(int64_t amount = 1) {
    Charge charge = TakeBeyondLimit(amount);
    // Of several limits, that of the outermost: raising the others alone would
    // not help.
    const Quota* exceeded = nullptr;
    for (const Quota* quota = this; quota != nullptr; quota = quota->parent_) {
      if (quota->in_use_ > quota->limit_) exceeded = quota;
    }
    if (exceeded == nullptr) return charge;
    return LimitError(exceeded->what_, exceeded->limit_, exceeded->flag_);
  }

  // The same without the limit.
  Charge TakeBeyondLimit(int64_t amount = 1) {
    for (Quota* quota = this; quota != nullptr; quota = quota->parent_) {
      quota->in_use_ += amount;
    }
    return Charge(this, amount);
  }

  int64_t limit() const { return limit_; }
  int64_t in_use() const { return in_use_; }

 private:
  void Give(int64_t amount) {
    // From the parent first: this may be gone once its last charge is given.
    if (parent_ != nullptr) parent_->Give(amount);
    in_use_ -= amount;
  }

  const int64_t limit_;
  const char* const what_;
  const char* const flag_;
  Quota* const parent_;
  std::atomic<int64_t> in_use_ = 0;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_QUOTA_H_

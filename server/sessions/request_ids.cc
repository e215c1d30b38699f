#include "server/sessions/request_ids.h"

#include <utility>

#include "server/convert/field_error.h"

namespace standoff {
namespace {

constexpr size_t kMaxRequestIds = 10'000;

}  // namespace

absl::StatusOr<RequestIds::Started> RequestIds::Once(
    const std::string& request_id, size_t fingerprint,
    absl::FunctionRef<absl::StatusOr<OperationIds>()> start) {
  // Held while it starts: two of the same id must not do so at once.
  std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(request_id); found != entries_.end()) {
    if (found->second.fingerprint == fingerprint) {
      return Started{.ids = found->second.ids, .earlier = true};
    }
    return FieldError("request_id", "'", request_id,
                      "' was used in this session for another request; choose "
                      "a new one for each");
  }
  absl::StatusOr<OperationIds> ids = start();
  if (!ids.ok()) return ids.status();
  entries_.emplace(request_id, Entry{.fingerprint = fingerprint, .ids = *ids});
  order_.push_back(request_id);
  if (order_.size() > kMaxRequestIds) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
  return Started{.ids = *std::move(ids), .earlier = false};
}

}  // namespace standoff

// Request ids: a repeated request starts nothing new.

#ifndef STANDOFF_SERVER_SESSIONS_REQUEST_IDS_H_
#define STANDOFF_SERVER_SESSIONS_REQUEST_IDS_H_

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

namespace standoff {

// Remembers the last 10,000 requests of a session that had an id. Thread-safe.
class RequestIds {
 public:
  using OperationIds = std::vector<uint64_t>;

  struct Started {
    OperationIds ids;
    // By an earlier request with this id.
    bool earlier = false;
  };

  // What `start` gives; for an id that was used before, what it gave then.
  // InvalidArgument if that was for another request: `fingerprint` stands for
  // all that is in it. One that failed is not remembered.
  absl::StatusOr<Started> Once(
      const std::string& request_id, size_t fingerprint,
      absl::FunctionRef<absl::StatusOr<OperationIds>()> start);

 private:
  struct Entry {
    size_t fingerprint;
    OperationIds ids;
  };

  std::mutex mutex_;
  // Guarded by `mutex_`, as is what follows.
  absl::flat_hash_map<std::string, Entry> entries_;
  // The oldest first.
  std::deque<std::string> order_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SESSIONS_REQUEST_IDS_H_

// The sessions of a host, by name, and the end of those whose lease lapses.

#ifndef STANDOFF_SERVER_SESSIONS_SESSION_TABLE_H_
#define STANDOFF_SERVER_SESSIONS_SESSION_TABLE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/host_resources.h"
#include "server/quota.h"
#include "server/sessions/session.h"
#include "server/sessions/session_use.h"

namespace standoff {

// What streams of a session end with that was deleted or whose lease lapsed.
inline absl::Status SessionHasEnded() {
  return absl::NotFoundError("standoff-session: the session has ended");
}

// Thread-safe.
class SessionTable {
 public:
  // Has the session `default` from the beginning. `host` must outlive it.
  explicit SessionTable(HostResources& host);
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;
  ~SessionTable();

  // Makes a session, of a name of its own making if `name` is empty.
  // InvalidArgument for a malformed name, AlreadyExists, ResourceExhausted.
  absl::StatusOr<SessionUse> Create(std::string name, Session::Labels labels,
                                    absl::Duration lease);

  // A call in the session begins. NotFound, or Unavailable after Shutdown().
  absl::StatusOr<SessionUse> Use(absl::string_view name);

  // Takes a session out of the table; `default` is replaced by an empty one.
  // The caller ends it.
  absl::StatusOr<std::shared_ptr<Session>> Take(absl::string_view name);

  // In the order in which they were made.
  std::vector<std::shared_ptr<Session>> All() const;
  int64_t size() const { return quota_.in_use(); }

  // Refuses further calls and ends all sessions.
  void Shutdown();
  bool is_shut_down() const;

 private:
  struct Entry {
    std::shared_ptr<Session> session;
    uint64_t sequence = 0;
    Quota::Charge charge;
  };

  // With `mutex_` held.
  void Insert(std::shared_ptr<Session> session, Quota::Charge charge);
  absl::Duration UntilNextLapse() const;
  std::vector<Entry> TakeLapsed();
  // Ends sessions when their lease lapses.
  void Run();

  HostResources& host_;
  Quota quota_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`, as is what follows.
  absl::flat_hash_map<std::string, Entry> sessions_;
  uint64_t next_sequence_ = 0;
  bool shut_down_ = false;
  bool stop_ = false;
  // Last: it uses the others.
  std::thread reaper_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SESSIONS_SESSION_TABLE_H_

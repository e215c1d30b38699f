// The actors of a session, by name.

#ifndef STANDOFF_SERVER_OPERATIONS_ACTOR_TABLE_H_
#define STANDOFF_SERVER_OPERATIONS_ACTOR_TABLE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "server/operations/actor.h"
#include "server/quota.h"
#include "server/threads.h"

namespace standoff {

// Thread-safe.
class ActorTable {
 public:
  // `host_actors` is the host's quota and outlives this, as `threads` does.
  ActorTable(int64_t limit, Quota& host_actors, Threads& threads,
             Actor::Perform perform);
  ActorTable(const ActorTable&) = delete;
  ActorTable& operator=(const ActorTable&) = delete;

  // Appends operations to the queue of the actor of that name, which is made if
  // there is none. At a limit, the idle actor of this session that was used
  // least lately makes room; ResourceExhausted if none is idle, or if the
  // system has no thread to give. Unavailable after StopAll().
  absl::Status Enqueue(const std::string& name,
                       const Actor::Operations& operations);

  // In the order of their names.
  std::vector<std::shared_ptr<Actor>> All() const;
  int64_t size() const { return quota_.in_use(); }

  // Ends all threads and waits for that. Their operations must have been
  // cancelled. Refuses new ones.
  void StopAll();

 private:
  struct Entry {
    std::shared_ptr<Actor> actor;
    Quota::Charge charge;
    // In `by_use_`.
    std::list<std::string>::iterator use;
  };

  // All with `mutex_` held.
  std::vector<std::shared_ptr<Actor>> Actors() const;
  absl::Status Make(const std::string& name);
  bool StopAnIdleOne();

  Quota quota_;
  Threads& threads_;
  const Actor::Perform perform_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`, as is what follows.
  absl::flat_hash_map<std::string, Entry> actors_;
  // Their names, the one used least lately first.
  std::list<std::string> by_use_;
  bool stopped_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_ACTOR_TABLE_H_

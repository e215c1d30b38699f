// A session: the owner of sockets, actors and operations.

#ifndef STANDOFF_SERVER_SESSIONS_SESSION_H_
#define STANDOFF_SERVER_SESSIONS_SESSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/host_resources.h"
#include "server/operations/actor_table.h"
#include "server/operations/operation_table.h"
#include "server/operations/performer.h"
#include "server/quota.h"
#include "server/sessions/lease.h"
#include "server/sessions/request_ids.h"
#include "server/sessions/session_end.h"
#include "server/socket_table.h"
#include "standoff/v1/session_service.pb.h"

namespace standoff {

inline constexpr char kDefaultSession[] = "default";

// Thread-safe. Make it with std::make_shared.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Labels = std::map<std::string, std::string>;

  // What ended with it.
  struct Ended {
    int64_t sockets = 0;
    int64_t operations = 0;
  };

  // `lease`: none if it is zero. `host` must outlive the session.
  Session(std::string name, Labels labels, absl::Duration lease,
          HostResources& host);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::string& name() const { return name_; }
  Lease& lease() { return lease_; }
  HostResources& host() { return host_; }
  SocketTable& sockets() { return sockets_; }
  OperationTable& operations() { return operations_; }
  ActorTable& actors() { return actors_; }
  Quota& waiting_calls() { return waiting_calls_; }
  RequestIds& request_ids() { return request_ids_; }
  Performer& performer() { return performer_; }
  SessionEnd& end() { return end_; }

  v1::Session ToProto() const;

  // Refuses new operations, cancels those in progress, ends the streams, the
  // actors' threads and closes the sockets. Waits for all that, but for the
  // streams and for SO_LINGER. `status` is what streams end with.
  Ended End(const absl::Status& status);

 private:
  const std::string name_;
  const Labels labels_;
  const absl::Time creation_time_;
  HostResources& host_;
  Lease lease_;
  SocketTable sockets_;
  OperationTable operations_;
  Quota waiting_calls_;
  RequestIds request_ids_;
  SessionEnd end_;
  Performer performer_;
  ActorTable actors_;
};

// For when sessions have been destroyed: gives the memory that the allocator
// has kept of them back to the system.
void ReturnMemory();

}  // namespace standoff

#endif  // STANDOFF_SERVER_SESSIONS_SESSION_H_

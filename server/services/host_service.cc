#include "server/services/host_service.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "lib/timeout.h"
#include "server/convert/time.h"
#include "server/services/call_session.h"
#include "server/services/capabilities.h"
#include "server/services/interfaces.h"
#include "server/services/reply.h"
#include "server/services/snapshot.h"
#include "server/services/threaded_call.h"

namespace standoff {
namespace {

// The first line of a file; empty if it can't be read.
std::string ReadLine(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

uint64_t NetworkNamespace() {
  struct stat status;
  return stat("/proc/self/ns/net", &status) == 0 ? status.st_ino : 0;
}

v1::GetInfoResponse ConstantInfo(const HostState& host) {
  v1::GetInfoResponse info;
  info.set_version(STANDOFF_VERSION);
  utsname names;
  if (uname(&names) == 0) {
    info.set_host_name(names.nodename);
    info.mutable_kernel()->set_name(names.sysname);
    info.mutable_kernel()->set_release(names.release);
    info.mutable_kernel()->set_machine(names.machine);
  }
  info.set_pid(getpid());
  info.set_network_namespace(NetworkNamespace());
  info.set_boot_id(ReadLine("/proc/sys/kernel/random/boot_id"));
  TimeToProto(host.start_time, *info.mutable_start_time());
  for (v1::Capability& capability : ProbeCapabilities()) {
    *info.add_capabilities() = std::move(capability);
  }
  return info;
}

void AddLimit(const char* name, const char* flag, int64_t limit,
              std::optional<int64_t> in_use, v1::GetInfoResponse& response) {
  v1::Limit& entry = *response.add_limits();
  entry.set_name(name);
  entry.set_flag(flag);
  entry.set_limit(static_cast<uint64_t>(limit));
  if (in_use.has_value()) entry.set_in_use(static_cast<uint64_t>(*in_use));
}

void AddLimit(const char* name, const char* flag, const Quota& quota,
              v1::GetInfoResponse& response) {
  AddLimit(name, flag, quota.limit(), quota.in_use(), response);
}

}  // namespace

HostServiceImpl::HostServiceImpl(HostState& host, bool allow_processes)
    : host_(host),
      allow_processes_(allow_processes),
      constant_(ConstantInfo(host)) {}

void HostServiceImpl::SetListenAddresses(std::vector<std::string> addresses) {
  std::lock_guard lock(mutex_);
  listen_addresses_ = std::move(addresses);
}

void HostServiceImpl::AddLimits(v1::GetInfoResponse& response) const {
  const HostResources& host = host_.resources;
  const Limits& limits = host.limits;
  AddLimit("sockets", "--max_sockets", host.sockets, response);
  AddLimit("waiting-calls", "--max_waiting_calls", host.waiting_calls,
           response);
  AddLimit("actors", "--max_actors", host.actors, response);
  AddLimit("operations", "--max_operations", host.operations.in_progress,
           response);
  AddLimit("history-bytes", "--max_history_bytes",
           host.operations.history_bytes, response);
  AddLimit("pattern-memory-bytes", "--max_pattern_memory", host.pattern_memory,
           response);
  AddLimit("sessions", "--max_sessions", limits.max_sessions,
           host_.sessions.size(), response);
  const auto add_for_one = [&](const char* name, const char* flag,
                               int64_t limit) {
    AddLimit(name, flag, limit, std::nullopt, response);
  };
  add_for_one("transfer-bytes", "--max_transfer", limits.max_transfer);
  add_for_one("session-sockets", "--max_session_sockets",
              SessionLimit(limits.max_session_sockets, limits.max_sockets));
  add_for_one(
      "session-waiting-calls", "--max_session_waiting_calls",
      SessionLimit(limits.max_session_waiting_calls, limits.max_waiting_calls));
  add_for_one("session-actors", "--max_session_actors",
              SessionLimit(limits.max_session_actors, limits.max_actors));
  add_for_one(
      "session-operations", "--max_session_operations",
      SessionLimit(limits.max_session_operations, limits.max_operations));
  add_for_one("session-history-operations", "--max_history_operations",
              limits.max_history_operations);
  add_for_one(
      "session-history-bytes", "--max_session_history_bytes",
      SessionLimit(limits.max_session_history_bytes, limits.max_history_bytes));
  add_for_one("session-events", "--max_events", limits.max_events);
}

grpc::ServerUnaryReactor* HostServiceImpl::GetInfo(
    grpc::CallbackServerContext* context, const v1::GetInfoRequest*,
    v1::GetInfoResponse* response) {
  const absl::StatusOr<SessionUse> session =
      UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  *response = constant_;
  AddLimits(*response);
  for (v1::NetworkInterface& interface : ListInterfaces()) {
    *response->add_interfaces() = std::move(interface);
  }
  {
    std::lock_guard lock(mutex_);
    for (const std::string& address : listen_addresses_) {
      response->add_listen_addresses(address);
    }
  }
  return ReplyWith(*context, absl::OkStatus());
}

grpc::ServerUnaryReactor* HostServiceImpl::GetClock(
    grpc::CallbackServerContext* context, const v1::GetClockRequest*,
    v1::GetClockResponse* response) {
  const absl::StatusOr<SessionUse> session =
      UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  response->set_boot_id(constant_.boot_id());
  response->set_monotonic_ns(MonotonicNanoseconds());
  TimeToProto(absl::Now(), *response->mutable_wall_time());
  return ReplyWith(*context, absl::OkStatus());
}

grpc::ServerUnaryReactor* HostServiceImpl::Snapshot(
    grpc::CallbackServerContext* context, const v1::SnapshotRequest* request,
    v1::SnapshotResponse* response) {
  absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  if (request->processes() && !allow_processes_) {
    return ReplyWith(*context,
                     absl::PermissionDeniedError(
                         "processes: the daemon tells of other processes only "
                         "with its flag --allow_processes"));
  }
  response->set_host_name(constant_.host_name());
  response->set_network_namespace(constant_.network_namespace());
  response->set_boot_id(constant_.boot_id());
  return new ThreadedCall(
      host_.resources.threads, "Snapshot",
      [this, session = *std::move(session), request, response] {
        std::vector<std::shared_ptr<Session>> sessions = {session.get()};
        if (request->all_sessions()) sessions = host_.sessions.All();
        return TakeSnapshot(sessions, *request, *response);
      });
}

}  // namespace standoff

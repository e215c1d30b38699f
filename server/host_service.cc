#include "server/host_service.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "server/capabilities.h"
#include "server/convert/time.h"
#include "server/session_header.h"
#include "server/unary_call.h"

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
  *info.mutable_start_time() = TimeToProto(host.start_time);
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

}  // namespace

HostServiceImpl::HostServiceImpl(const HostState& host)
    : host_(host), constant_(ConstantInfo(host)) {}

void HostServiceImpl::SetListenAddresses(std::vector<std::string> addresses) {
  std::lock_guard lock(mutex_);
  listen_addresses_ = std::move(addresses);
}

void HostServiceImpl::AddLimits(v1::GetInfoResponse& response) const {
  const Limits& limits = host_.limits;
  AddLimit("sockets", "--max_sockets", limits.max_sockets, host_.sockets.size(),
           response);
  AddLimit("waiting-calls", "--max_waiting_calls", limits.max_waiting_calls,
           host_.waiting_calls.count(), response);
  AddLimit("transfer-bytes", "--max_transfer", limits.max_transfer,
           std::nullopt, response);
  AddLimit("pattern-memory-bytes", "--max_pattern_memory",
           limits.max_pattern_memory, host_.pattern_memory.in_use(), response);
}

grpc::ServerUnaryReactor* HostServiceImpl::GetInfo(
    grpc::CallbackServerContext* context, const v1::GetInfoRequest*,
    v1::GetInfoResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (absl::Status status = CheckSession(*context); !status.ok()) {
    reactor->Finish(ToGrpc(status));
    return reactor;
  }
  *response = constant_;
  AddLimits(*response);
  {
    std::lock_guard lock(mutex_);
    for (const std::string& address : listen_addresses_) {
      response->add_listen_addresses(address);
    }
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace standoff

#include "server/daemon.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "server/channelz.h"
#include "server/control_accept.h"
#include "server/control_address.h"
#include "server/memory_reserve.h"
#include "server/thread_creation.h"

namespace standoff {
namespace {

// For clients to take their last replies.
constexpr std::chrono::milliseconds kPatience{500};

using Credentials = std::shared_ptr<grpc::ServerCredentials>;

// Twice --max_transfer and something for what surrounds it: a request that is
// somewhat too large is then refused by us, with the flag's name, and not by
// gRPC, which does not know it.
int MaxMessageSize(const Limits& limits) {
  constexpr int64_t kEnvelope = 1024 * 1024;
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  if (limits.max_transfer > (kMost - kEnvelope) / 2) {
    return static_cast<int>(kMost);
  }
  return static_cast<int>(2 * limits.max_transfer + kEnvelope);
}

absl::StatusOr<std::vector<ControlAddress>> ParseAddresses(
    const DaemonOptions& options) {
  std::vector<ControlAddress> addresses;
  for (const std::string& text : options.listen) {
    absl::StatusOr<std::vector<ControlAddress>> parsed =
        ParseControlAddress(text);
    if (!parsed.ok()) return parsed.status();
    addresses.insert(addresses.end(), parsed->begin(), parsed->end());
  }
  return addresses;
}

// gRPC would take a Unix socket's path away from itself.
absl::Status CheckDifferent(const std::vector<ControlAddress>& addresses) {
  std::set<std::string> seen;
  for (const ControlAddress& address : addresses) {
    const bool is_fixed = address.is_unix() || address.port != 0;
    if (is_fixed && !seen.insert(address.ToString()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--listen=", address.ToString(), " is given twice"));
    }
  }
  return absl::OkStatus();
}

// Whoever reaches the control channel can open any socket of this host.
absl::Status CheckExposure(const ControlAddress& address,
                           const DaemonOptions& options) {
  if (address.is_local() || options.tls.mutual() || options.insecure) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat(
      "--listen=", address.ToString(),
      ": other hosts reach this address, and whoever does can use this host's "
      "network. Give --tls_cert, --tls_key and --tls_client_ca for mutual "
      "TLS, or --insecure if anybody may"));
}

absl::StatusOr<Credentials> TcpCredentials(const DaemonOptions& options) {
  if (options.tls.enabled()) return TlsCredentials(options.tls);
  if (!options.tls.client_ca.empty()) {
    return absl::InvalidArgumentError(
        "--tls_client_ca needs --tls_cert and --tls_key, too");
  }
  return grpc::InsecureServerCredentials();
}

// The full names of the services that gRPC brings with it.
std::vector<std::string> ServicesOfGrpc(const DaemonOptions& options) {
  std::vector<std::string> services = {
      // gRPC serves health without its description, which reflection needs:
      // using it links it in.
      absl::StrCat(
          grpc::health::v1::HealthCheckRequest::descriptor()->file()->package(),
          ".Health")};
  if (options.channelz) services.push_back("grpc.channelz.v1.Channelz");
  return services;
}

// Serves it, and adds its full name to those of all services.
template <typename Api>
void Register(grpc::Service& service, grpc::ServerBuilder& builder,
              std::vector<std::string>& services) {
  builder.RegisterService(&service);
  services.push_back(Api::service_full_name());
}

void Configure(const Limits& limits, grpc::ServerBuilder& builder) {
  // Two daemons must never share a port: each would get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A client whose host or network is gone sends no FIN. Its calls must not
  // wait on and take data that nobody will see.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Clients may do the same: gRPC would throw them off for it.
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
  const int max_message_size = MaxMessageSize(limits);
  builder.SetMaxReceiveMessageSize(max_message_size);
  builder.SetMaxSendMessageSize(max_message_size);
}

}  // namespace

Daemon::Daemon(const DaemonOptions& options)
    : memory_guard_(static_cast<size_t>(MaxMessageSize(options.limits))),
      host_(options.limits),
      socket_service_(host_),
      operation_service_(host_),
      session_service_(host_),
      host_service_(host_, options.allow_processes),
      diagnosis_service_(host_) {
  TakeThreadsFrom(&host_.resources.threads);
}

Daemon::~Daemon() { TakeThreadsFrom(nullptr); }

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(
    const DaemonOptions& options) {
  std::unique_ptr<Daemon> daemon(new Daemon(options));
  if (absl::Status status = daemon->Serve(options); !status.ok()) return status;
  return daemon;
}

absl::Status Daemon::Serve(const DaemonOptions& options) {
  absl::StatusOr<std::vector<ControlAddress>> addresses =
      ParseAddresses(options);
  if (!addresses.ok()) return addresses.status();
  if (absl::Status status = CheckDifferent(*addresses); !status.ok()) {
    return status;
  }
  absl::StatusOr<Credentials> tcp_credentials = TcpCredentials(options);
  if (!tcp_credentials.ok()) return tcp_credentials.status();

  // Process-wide, for servers built from now on.
  grpc::EnableDefaultHealthCheckService(true);
  if (options.channelz) {
    if (absl::Status status = ServeChannelz(); !status.ok()) return status;
  }

  grpc::ServerBuilder builder;
  Configure(options.limits, builder);
  builder.SetResourceQuota(memory_guard_.quota());
  std::vector<int> ports(addresses->size(), 0);
  for (size_t i = 0; i < addresses->size(); ++i) {
    const ControlAddress& address = (*addresses)[i];
    if (absl::Status status = CheckExposure(address, options); !status.ok()) {
      return status;
    }
    // gRPC does not say why it can't listen, and takes a Unix socket's path
    // away from a daemon that listens on it.
    if (absl::Status status = CheckFree(address); !status.ok()) return status;
    // A Unix socket is guarded by the permissions of its path.
    builder.AddListeningPort(address.ToString(),
                             address.is_unix()
                                 ? grpc::InsecureServerCredentials()
                                 : *tcp_credentials,
                             &ports[i]);
  }
  if (!KeepAccepting()) {
    return absl::ErrnoToStatus(errno, "can't open /dev/null");
  }
  // The largest message, what is parsed of it, and as much again for what comes
  // before gRPC knows that memory is short.
  KeepMemoryReserve(4 * static_cast<size_t>(MaxMessageSize(options.limits)));
  std::vector<std::string> services = ServicesOfGrpc(options);
  Register<v1::SocketService>(socket_service_, builder, services);
  Register<v1::OperationService>(operation_service_, builder, services);
  Register<v1::SessionService>(session_service_, builder, services);
  Register<v1::HostService>(host_service_, builder, services);
  Register<v1::DiagnosisService>(diagnosis_service_, builder, services);
  Register<grpc::reflection::v1alpha::ServerReflection>(reflection_service_,
                                                        builder, services);
  reflection_service_.SetServices(std::move(services));
  server_ = builder.BuildAndStart();
  for (size_t i = 0; i < addresses->size(); ++i) {
    ControlAddress address = (*addresses)[i];
    if (server_ == nullptr || ports[i] == 0) {
      return absl::UnavailableError(
          absl::StrCat("can't listen on ", address.ToString(),
                       ": in use, or not an address of this host"));
    }
    address.port = ports[i];
    addresses_.push_back(address.ToString());
  }
  host_service_.SetListenAddresses(addresses_);
  return absl::OkStatus();
}

void Daemon::Shutdown() {
  server_->GetHealthCheckService()->Shutdown();
  host_.sessions.Shutdown();
  host_.resources.threads.WaitUntilNone(absl::Minutes(1));
  server_->Shutdown(std::chrono::system_clock::now() + kPatience);
}

}  // namespace standoff

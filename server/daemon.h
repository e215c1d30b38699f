// The daemon: its state, its services and the gRPC server that serves them.

#ifndef STANDOFF_SERVER_DAEMON_H_
#define STANDOFF_SERVER_DAEMON_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/host_state.h"
#include "server/limits.h"
#include "server/memory_guard.h"
#include "server/services/diagnosis_service.h"
#include "server/services/host_service.h"
#include "server/services/operation_service.h"
#include "server/services/reflection_service.h"
#include "server/services/session_service.h"
#include "server/services/socket_service.h"
#include "server/tls.h"

namespace standoff {

// What the flags say.
struct DaemonOptions {
  std::vector<std::string> listen = {"127.0.0.1:7411"};
  // For the addresses that are not Unix sockets.
  TlsFiles tls;
  // Whether an address that other hosts reach may be without mutual TLS.
  bool insecure = false;
  // Whether to tell of this host's processes in snapshots.
  bool allow_processes = false;
  // Whether to serve grpc.channelz.
  bool channelz = false;
  Limits limits;
};

class Daemon {
 public:
  // Starts to serve. The error says what is wrong and with which flag; an
  // address that is in use is AlreadyExists.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(
      const DaemonOptions& options);

  ~Daemon();

  // Where it listens, with real ports, in the order of the flags.
  const std::vector<std::string>& addresses() const { return addresses_; }

  // Ends: refuses new calls, cancels those that wait (their clients get
  // UNAVAILABLE) and stops serving. Returns when all of them have ended, which
  // a thread that is stuck in the kernel can delay for ever.
  void Shutdown();

 private:
  explicit Daemon(const DaemonOptions& options);
  absl::Status Serve(const DaemonOptions& options);

  MemoryGuard memory_guard_;
  HostState host_;
  SocketServiceImpl socket_service_;
  OperationServiceImpl operation_service_;
  SessionServiceImpl session_service_;
  HostServiceImpl host_service_;
  DiagnosisServiceImpl diagnosis_service_;
  ReflectionServiceImpl reflection_service_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::string> addresses_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_DAEMON_H_

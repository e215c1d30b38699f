// A network namespace without a name.

#ifndef STANDOFF_CLIENT_LAB_NETWORK_NAMESPACE_H_
#define STANDOFF_CLIENT_LAB_NETWORK_NAMESPACE_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "client/lab/process.h"

namespace standoff::client {

// A network namespace with its loopback up. A child holds it, which ends when
// its input does: the namespace goes with this object, or with this process in
// whatever way it dies, as soon as no other process is in it. Move-only.
class NetworkNamespace {
 public:
  // Needs CAP_SYS_ADMIN; see EnterUserNamespaceIfNeeded(). If it can't be
  // made, the status says what failed.
  static absl::StatusOr<NetworkNamespace> Create();

  // A process in it, for `ip link add … netns PID`.
  pid_t pid() const { return holder_.pid(); }

  // The command that runs `command` in it, in place of the process that
  // executes it.
  std::vector<std::string> Wrap(const std::vector<std::string>& command) const;

 private:
  explicit NetworkNamespace(Process holder) : holder_(std::move(holder)) {}

  Process holder_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_NETWORK_NAMESPACE_H_

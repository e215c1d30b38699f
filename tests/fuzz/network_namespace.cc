#include "tests/fuzz/network_namespace.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "client/lab/file_descriptor.h"
#include "client/lab/user_namespace.h"

namespace standoff {

absl::Status EnterNetworkNamespace() {
  absl::Status status = client::EnterUserNamespaceIfNeeded();
  if (!status.ok()) return status;
  if (unshare(CLONE_NEWNET) != 0) {
    return absl::ErrnoToStatus(errno, "unshare(CLONE_NEWNET)");
  }
  const client::FileDescriptor socket(
      ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP;
  if (ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return absl::ErrnoToStatus(errno, "ioctl(SIOCSIFFLAGS)");
  }
  return absl::OkStatus();
}

}  // namespace standoff

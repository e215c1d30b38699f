// Questions over netlink(7), of which the kernel answers one with a message,
// and another, a dump, with any number of them.

#ifndef STANDOFF_LIB_NETLINK_DUMP_H_
#define STANDOFF_LIB_NETLINK_DUMP_H_

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

struct mnl_socket;

namespace standoff {

// The longest request, header included.
inline constexpr int kMaxNetlinkRequest = 512;

// Asks the kernel's netlink family `bus` (NETLINK_SOCK_DIAG, …), of the calling
// thread's network namespace. `request` writes the payload and the attributes
// behind the header, which it is given with the type `type`; `visit` is called
// with each message of the answer.
//
// A dump that the kernel calls inconsistent (NLM_F_DUMP_INTR) is repeated a few
// times, and then it is Aborted; `visit` sees all messages of all attempts.
// Unimplemented if the kernel has no such family or no module for what was
// asked, PermissionDenied if a policy forbids it, else the system's error.
absl::Status DumpNetlink(int bus, uint16_t type,
                         absl::FunctionRef<void(nlmsghdr*)> request,
                         absl::FunctionRef<void(const nlmsghdr*)> visit);

// Asks for one thing after another, over one socket.
class NetlinkQuery {
 public:
  explicit NetlinkQuery(int bus);
  NetlinkQuery(const NetlinkQuery&) = delete;
  NetlinkQuery& operator=(const NetlinkQuery&) = delete;
  ~NetlinkQuery();

  // As DumpNetlink(), but for one message: `visit` is called with it. NotFound
  // if the kernel has no such thing (ENOENT).
  absl::Status Ask(uint16_t type, absl::FunctionRef<void(nlmsghdr*)> request,
                   absl::FunctionRef<void(const nlmsghdr*)> visit);

 private:
  mnl_socket* socket_ = nullptr;
  absl::Status status_;
  unsigned sequence_ = 0;
};

// Calls `visit` with the type and the value of each attribute that follows the
// first `size` bytes of a message's payload.
void ForEachAttribute(
    const nlmsghdr* message, size_t size,
    absl::FunctionRef<void(uint16_t type, absl::string_view value)> visit);

}  // namespace standoff

#endif  // STANDOFF_LIB_NETLINK_DUMP_H_

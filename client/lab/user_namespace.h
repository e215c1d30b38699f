// The right to make network namespaces, for ordinary users.

#ifndef STANDOFF_CLIENT_LAB_USER_NAMESPACE_H_
#define STANDOFF_CLIENT_LAB_USER_NAMESPACE_H_

#include "absl/status/status.h"

namespace standoff::client {

// Makes this process able to make a Lab. Does nothing for a process that has
// the capabilities (CAP_SYS_ADMIN and CAP_NET_ADMIN), as root's have; others go
// into a user namespace of their own, where they appear as root and have all
// capabilities over the namespaces that they make in it
// (user_namespaces(7)). Afterwards all works as for root.
//
// To be called first thing in main(): the kernel moves only a process that has
// a single thread.
//
// PermissionDenied, with the system call that failed and why, where namespaces
// can't be had. This process is then as it was before.
absl::Status EnterUserNamespaceIfNeeded();

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_USER_NAMESPACE_H_

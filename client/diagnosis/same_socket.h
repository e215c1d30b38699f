// Whether a thread's call is on the socket that its descriptor means now.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_SAME_SOCKET_H_
#define STANDOFF_CLIENT_DIAGNOSIS_SAME_SOCKET_H_

#include <optional>
#include <string>

#include "client/diagnosis/world.h"

namespace standoff::client {

// A system call goes on with the socket that its descriptor meant when it
// began, whatever becomes of the descriptor's number (close(2), dup2(2)). Says
// of the call of a thread of a process which other socket it may be on, in one
// sentence; nullopt if none.
std::optional<std::string> FindOtherSocket(const World& world,
                                           const BlockedOperation& call);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_SAME_SOCKET_H_

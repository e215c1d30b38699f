// What is known of an open socket.

#ifndef STANDOFF_SERVER_ACTIONS_DESCRIBE_SOCKET_H_
#define STANDOFF_SERVER_ACTIONS_DESCRIBE_SOCKET_H_

#include <optional>

#include "server/socket_table.h"
#include "standoff/v1/socket.pb.h"

namespace standoff {

// Its state by the kernel's facts; nullopt if it is being closed.
std::optional<v1::SocketDescription> DescribeSocket(OpenSocket& socket);

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_DESCRIBE_SOCKET_H_

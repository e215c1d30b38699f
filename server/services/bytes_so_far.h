// How far operations in progress have come.

#ifndef STANDOFF_SERVER_SERVICES_BYTES_SO_FAR_H_
#define STANDOFF_SERVER_SERVICES_BYTES_SO_FAR_H_

#include <cstdint>
#include <optional>

#include "server/operations/operation.h"
#include "server/socket_table.h"
#include "standoff/v1/action.pb.h"

namespace standoff {

// How many bytes a receive or send in progress has moved that goes on until all
// are; nullopt if that is not known. `action` is the operation's, `sockets` are
// those of its session.
std::optional<uint64_t> BytesSoFar(const Operation& operation,
                                   const v1::Action& action,
                                   SocketTable& sockets);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_BYTES_SO_FAR_H_

// Operations as replies show them.

#ifndef STANDOFF_SERVER_SERVICES_DESCRIBE_OPERATION_H_
#define STANDOFF_SERVER_SERVICES_DESCRIBE_OPERATION_H_

#include <memory>
#include <vector>

#include "server/operations/operation.h"
#include "server/socket_table.h"
#include "standoff/v1/operation.pb.h"

namespace standoff {

enum class Detail {
  // Without action, reply and block.
  kBrief,
  // Without Block.sockets.
  kWithoutSockets,
  kFull,
};

// All that is known of an operation of the session that has these sockets.
v1::Operation DescribeOperation(const Operation& operation,
                                SocketTable& sockets, Detail detail);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_DESCRIBE_OPERATION_H_

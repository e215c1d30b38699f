#include "server/services/describe_operation.h"

#include "server/actions/describe_socket.h"

namespace standoff {

v1::Operation DescribeOperation(const Operation& operation,
                                SocketTable& sockets, Detail detail) {
  v1::Operation proto = operation.ToProto();
  if (detail == Detail::kBrief) {
    proto.clear_action();
    proto.clear_reply();
    proto.clear_block();
  }
  if (detail != Detail::kFull || !proto.has_block()) return proto;
  for (const std::string& name : operation.sockets()) {
    const absl::StatusOr<std::shared_ptr<OpenSocket>> socket =
        sockets.Find(name);
    // It may be closing.
    if (!socket.ok()) continue;
    if (auto description = DescribeSocket(**socket)) {
      *proto.mutable_block()->add_sockets() = *std::move(description);
    }
  }
  return proto;
}

}  // namespace standoff

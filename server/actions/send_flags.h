// The flags of sends.

#ifndef STANDOFF_SERVER_ACTIONS_SEND_FLAGS_H_
#define STANDOFF_SERVER_ACTIONS_SEND_FLAGS_H_

#include <google/protobuf/repeated_field.h>
#include <sys/socket.h>

#include "absl/status/statusor.h"
#include "server/convert/bits.h"
#include "server/convert/field_error.h"

namespace standoff {

// MSG_ flags, ORed. InvalidArgument for one that a client can't have.
inline absl::StatusOr<int> SendFlags(
    const google::protobuf::RepeatedField<int>& proto) {
  const int flags = BitsFromProto(proto);
  if ((flags & MSG_ZEROCOPY) == 0) return flags;
  return FieldError("flags",
                    "MSG_ZEROCOPY is refused: the kernel would go on sending "
                    "from memory that the daemon has put to another use");
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_SEND_FLAGS_H_

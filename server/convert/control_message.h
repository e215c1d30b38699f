// Control messages: standoff.v1 to lib and back.

#ifndef STANDOFF_SERVER_CONVERT_CONTROL_MESSAGE_H_
#define STANDOFF_SERVER_CONVERT_CONTROL_MESSAGE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/control_message.h"
#include "standoff/v1/payload.pb.h"

namespace standoff {

// For a send. `field` is the message's path in the request, for errors.
// InvalidArgument for an unknown name and for content of the wrong kind.
// PermissionDenied for messages that could reach into the daemon and, unless
// `allow_unknown`, for those of which that is not known and which the kernel
// may take. One that passes sockets (`rights`) has no data: they have no
// numbers here.
absl::StatusOr<ControlMessage> ControlMessageFromProto(
    const v1::ControlMessage& proto, absl::string_view field,
    bool allow_unknown = false);

// Of one that was received: the content by its type, if it has one and was not
// cut short, else the bytes.
v1::ControlMessage ControlMessageToProto(const ControlMessage& message);
// The same with the content as bytes.
v1::ControlMessage RawControlMessageToProto(const ControlMessage& message);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_CONTROL_MESSAGE_H_

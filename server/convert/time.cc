#include "server/convert/time.h"

#include <cstdint>

namespace standoff {

google::protobuf::Duration DurationToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  const int64_t seconds =
      absl::IDivDuration(duration, absl::Seconds(1), &duration);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

google::protobuf::Timestamp TimeToProto(absl::Time time) {
  const timespec parts = absl::ToTimespec(time);
  google::protobuf::Timestamp proto;
  proto.set_seconds(parts.tv_sec);
  proto.set_nanos(static_cast<int32_t>(parts.tv_nsec));
  return proto;
}

}  // namespace standoff

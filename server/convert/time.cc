#include "server/convert/time.h"

#include <cstdint>

namespace standoff {

void DurationToProto(absl::Duration duration,
                     google::protobuf::Duration& proto) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(duration - absl::Seconds(seconds))));
}

void TimeToProto(absl::Time time, google::protobuf::Timestamp& proto) {
  const timespec parts = absl::ToTimespec(time);
  proto.set_seconds(parts.tv_sec);
  proto.set_nanos(static_cast<int32_t>(parts.tv_nsec));
}

}  // namespace standoff

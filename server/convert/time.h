// Times: lib to standoff.v1.

#ifndef STANDOFF_SERVER_CONVERT_TIME_H_
#define STANDOFF_SERVER_CONVERT_TIME_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/timeout.h"

namespace standoff {

void DurationToProto(absl::Duration duration,
                     google::protobuf::Duration& proto);
void TimeToProto(absl::Time time, google::protobuf::Timestamp& proto);

// The timeout of a message that has an optional field `timeout_seconds`; the
// error names that field.
template <typename Message>
absl::StatusOr<Timeout> TimeoutFromProto(const Message& message) {
  if (!message.has_timeout_seconds()) return Timeout(kBlocking);
  absl::StatusOr<absl::Duration> duration =
      TimeoutFromSeconds(message.timeout_seconds());
  if (duration.ok()) return Timeout(*duration);
  return absl::InvalidArgumentError(
      absl::StrCat("timeout_seconds: ", duration.status().message()));
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_TIME_H_

// Outcomes and times, from the library over the protocol to words
// (lib/outcome.h, lib/timeout.h, server/convert/outcome.h, client/outcome.h).

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/outcome.h"
#include "lib/outcome.h"
#include "lib/timeout.h"
#include "server/convert/outcome.h"
#include "server/convert/time.h"
#include "standoff/v1/outcome.pb.h"
#include "standoff/v1/socket_service.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

void TryOutcome(Input& input) {
  constexpr const char* kCalls[] = {"", "connect", "recvfrom"};
  const Outcome outcome = {
      .ending = static_cast<Ending>(input.Choice(5)),
      .value = input.Number<int64_t>(),
      .error = input.Number<int32_t>(),
      .lookup_error = input.Number<int32_t>(),
      .syscall = kCalls[input.Choice(std::size(kCalls))],
      .start_time = absl::FromUnixNanos(input.Number<int64_t>()),
      .start_monotonic_ns = input.Number<int64_t>(),
      .elapsed = absl::Nanoseconds(input.Number<int64_t>()),
      .blocked = absl::Nanoseconds(input.Number<int64_t>())};
  Check(!outcome.ToString().empty());
  v1::Outcome proto;
  OutcomeToProto(outcome, proto);
  v1::Outcome received;
  Check(received.ParseFromString(proto.SerializeAsString()),
        proto.ShortDebugString());
  Check(received.value() == outcome.value);
  Check(received.error().number() == outcome.error);
  Check(received.lookup_error().number() == outcome.lookup_error);
  Check(client::Elapsed(received) == outcome.elapsed);
  Check(client::Blocked(received) == outcome.blocked);
  Check(!client::Describe(received).empty());
}

void TryProto(Input& input) {
  v1::Outcome proto;
  if (!proto.ParseFromString(input.Rest())) return;
  Check(!client::Describe(proto).empty());
  client::Elapsed(proto);
  client::Blocked(proto);
}

// Never earlier than was asked for.
void TryTimeout(Input& input) {
  const auto seconds = input.Number<double>();
  const bool fits = seconds >= 0 && seconds <= kMaxTimeoutSeconds;
  const absl::StatusOr<absl::Duration> timeout = TimeoutFromSeconds(seconds);
  Check(timeout.ok() == fits);
  v1::OpenRequest request;
  request.set_timeout_seconds(seconds);
  const absl::StatusOr<Timeout> same = TimeoutFromProto(request);
  Check(same.ok() == fits);
  if (!fits) {
    CheckRefusal(same.status(), "timeout_seconds: ");
    return;
  }
  Check(**same == *timeout && *timeout >= absl::ZeroDuration());
  Check((*timeout == absl::ZeroDuration()) == (seconds == 0));
  // As exact as the number is.
  Check(absl::AbsDuration(*timeout - absl::Seconds(seconds)) <=
        absl::Nanoseconds(1) + absl::Seconds(seconds * 1e-15));
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Input input(data, size);
  constexpr void (*kTries[])(standoff::Input&) = {
      standoff::TryOutcome, standoff::TryProto, standoff::TryTimeout};
  kTries[input.Choice(std::size(kTries))](input);
  return 0;
}

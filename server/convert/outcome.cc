#include "server/convert/outcome.h"

#include <netdb.h>

#include <cstring>

#include "server/convert/time.h"

namespace standoff {
namespace {

v1::Ending EndingToProto(Ending ending) {
  switch (ending) {
    case Ending::kReturned:
      return v1::ENDING_RETURNED;
    case Ending::kFailed:
      return v1::ENDING_FAILED;
    case Ending::kWouldBlock:
      return v1::ENDING_WOULD_BLOCK;
    case Ending::kTimedOut:
      return v1::ENDING_TIMED_OUT;
    case Ending::kInterrupted:
      return v1::ENDING_CANCELLED;
  }
  return v1::ENDING_UNSPECIFIED;
}

}  // namespace

void OutcomeToProto(const Outcome& outcome, v1::Outcome& proto) {
  proto.Clear();
  proto.set_ending(EndingToProto(outcome.ending));
  proto.set_value(outcome.value);
  if (outcome.error != 0) {
    v1::Errno& error = *proto.mutable_error();
    error.set_number(outcome.error);
    error.set_name(ErrnoName(outcome.error));
    // Unlike strerror(3), this is thread-safe and not translated.
    const char* const message = strerrordesc_np(outcome.error);
    error.set_message(message == nullptr ? "Unknown error" : message);
  }
  if (outcome.lookup_error != 0) {
    v1::LookupError& error = *proto.mutable_lookup_error();
    error.set_number(outcome.lookup_error);
    error.set_name(LookupErrorName(outcome.lookup_error));
    error.set_message(gai_strerror(outcome.lookup_error));
  }
  proto.set_syscall(outcome.syscall);
  TimeToProto(outcome.start_time, *proto.mutable_start_time());
  proto.set_start_monotonic_ns(outcome.start_monotonic_ns);
  DurationToProto(outcome.elapsed, *proto.mutable_elapsed());
  DurationToProto(outcome.blocked, *proto.mutable_blocked());
}

}  // namespace standoff

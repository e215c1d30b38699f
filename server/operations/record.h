// Requests and replies as an operation keeps them.

#ifndef STANDOFF_SERVER_OPERATIONS_RECORD_H_
#define STANDOFF_SERVER_OPERATIONS_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "server/actions/action_list.h"
#include "standoff/v1/action.pb.h"

namespace standoff {

// A payload of more bytes than this is left out where it need not be kept.
inline constexpr size_t kMaxKeptPayload = 1024;

// The field of an action or a reply that a request or response belongs to.
#define STANDOFF_FIELD(Method, field, Request, Response)                      \
  inline v1::Request& FieldOf(const v1::Request&, v1::Action& action) {       \
    return *action.mutable_##field();                                         \
  }                                                                           \
  inline v1::Response& FieldOf(const v1::Response&, v1::ActionReply& reply) { \
    return *reply.mutable_##field();                                          \
  }
STANDOFF_FOR_EACH_ACTION(STANDOFF_FIELD)
#undef STANDOFF_FIELD

// Copies all but the payload.
void CopyWithoutPayload(const v1::SendRequest& from, v1::SendRequest& to);
void CopyWithoutPayload(const v1::ReceiveResponse& from,
                        v1::ReceiveResponse& to);

// Makes `record`, a v1::Action or v1::ActionReply, a copy of `message`, without
// its payload if that is long. Returns how many bytes were left out.
template <typename Message, typename Record>
uint64_t CopyToRecord(const Message& message, Record& record) {
  Message& copy = FieldOf(message, record);
  if constexpr (requires { CopyWithoutPayload(message, copy); }) {
    if (message.data().size() > kMaxKeptPayload) {
      CopyWithoutPayload(message, copy);
      return message.data().size();
    }
  }
  copy = message;
  return 0;
}

// Leaves a long payload out. Returns how many bytes that were.
uint64_t TrimPayload(v1::Action& action);
uint64_t TrimPayload(v1::ActionReply& reply);

// The name of a gRPC status code, as in "NOT_FOUND".
std::string CodeName(absl::StatusCode code);

// The reply to an action that was not performed.
v1::ActionReply RefusalOf(const absl::Status& status);

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_RECORD_H_

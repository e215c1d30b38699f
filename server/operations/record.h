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

// An action as its operation keeps it: bytes, which are two blocks of memory
// where the message has a dozen.
struct ActionRecord {
  // The action, serialized, without a long payload.
  std::string bytes;
  uint64_t left_out = 0;
  // That payload, if it was to be kept; of a batch, the whole action.
  std::string payload;
  // The RPC's name: a string literal.
  const char* method = "";
  // Empty if it acts on none or on several.
  std::string socket;
};

enum class Payload { kKept, kLeftOut };

ActionRecord RecordOf(const v1::Action& action, Payload payload);
// The action again. False if these are not the bytes of one.
bool ReadRecord(const std::string& bytes, std::string payload,
                v1::Action& action);

// A reply, serialized.
struct ReplyRecord {
  std::string bytes;
  // Bytes of payload that it lacks.
  uint64_t left_out = 0;
};

ReplyRecord RecordOf(const v1::ActionReply& reply, Payload payload);

// Lend() puts a request into an action, or a response into a reply, without
// copying it; TakeBack() leaves that empty.
#define STANDOFF_FIELD(Method, field, Request, Response)              \
  inline void Lend(v1::Request& request, v1::Action& action) {        \
    action.unsafe_arena_set_allocated_##field(&request);              \
  }                                                                   \
  inline void Lend(v1::Response& response, v1::ActionReply& reply) {  \
    reply.unsafe_arena_set_allocated_##field(&response);              \
  }                                                                   \
  inline void TakeBack(const v1::Request&, v1::Action& action) {      \
    action.unsafe_arena_release_##field();                            \
  }                                                                   \
  inline void TakeBack(const v1::Response&, v1::ActionReply& reply) { \
    reply.unsafe_arena_release_##field();                             \
  }
STANDOFF_FOR_EACH_ACTION(STANDOFF_FIELD)
#undef STANDOFF_FIELD

// A request as a v1::Action, or a response as a v1::ActionReply, without a
// copy: `message` must outlive this, and not change.
template <typename Message, typename Whole>
class Lent {
 public:
  explicit Lent(const Message& message) : message_(message) {
    // Nothing changes it here.
    Lend(const_cast<Message&>(message), whole_);
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() { TakeBack(message_, whole_); }

  const Whole& operator*() const { return whole_; }

 private:
  const Message& message_;
  Whole whole_;
};

template <typename Request>
using LentAction = Lent<Request, v1::Action>;
template <typename Response>
using LentReply = Lent<Response, v1::ActionReply>;

// The name of a gRPC status code, as in "NOT_FOUND".
std::string CodeName(absl::StatusCode code);

// The reply to an action that was not performed.
v1::ActionReply RefusalOf(const absl::Status& status);

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_RECORD_H_

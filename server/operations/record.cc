#include "server/operations/record.h"

#include <cstdint>
#include <string>

namespace standoff {
namespace {

// Empties a string if it is long. Returns how long it was.
uint64_t EmptyIfLong(std::string& payload) {
  if (payload.size() <= kMaxKeptPayload) return 0;
  const uint64_t size = payload.size();
  payload.clear();
  payload.shrink_to_fit();
  return size;
}

}  // namespace

void CopyWithoutPayload(const v1::SendRequest& from, v1::SendRequest& to) {
  to.Clear();
  to.set_socket(from.socket());
  to.set_length(from.length());
  to.set_all(from.all());
  *to.mutable_flags() = from.flags();
  if (from.has_destination()) *to.mutable_destination() = from.destination();
  *to.mutable_control_messages() = from.control_messages();
}

void CopyWithoutPayload(const v1::ReceiveResponse& from,
                        v1::ReceiveResponse& to) {
  to.Clear();
  *to.mutable_outcome() = from.outcome();
  if (from.has_bytes_received()) to.set_bytes_received(from.bytes_received());
  if (from.has_source()) *to.mutable_source() = from.source();
  *to.mutable_flags() = from.flags();
  *to.mutable_control_messages() = from.control_messages();
  if (from.has_mismatch()) *to.mutable_mismatch() = from.mismatch();
}

uint64_t TrimPayload(v1::Action& action) {
  if (!action.has_send() || !action.send().has_data()) return 0;
  return EmptyIfLong(*action.mutable_send()->mutable_data());
}

uint64_t TrimPayload(v1::ActionReply& reply) {
  if (!reply.has_receive()) return 0;
  return EmptyIfLong(*reply.mutable_receive()->mutable_data());
}

std::string CodeName(absl::StatusCode code) {
  return absl::StatusCodeToString(code);
}

v1::ActionReply RefusalOf(const absl::Status& status) {
  v1::ActionReply reply;
  v1::Refusal& refusal = *reply.mutable_refusal();
  refusal.set_code(static_cast<int>(status.code()));
  refusal.set_code_name(CodeName(status.code()));
  refusal.set_message(std::string(status.message()));
  return reply;
}

}  // namespace standoff

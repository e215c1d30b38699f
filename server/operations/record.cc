#include "server/operations/record.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/operations/action_facts.h"

namespace standoff {
namespace {

// Copy all but the payload.
void CopyWithoutPayload(const v1::SendRequest& from, v1::SendRequest& to) {
  to.set_socket(from.socket());
  to.set_length(from.length());
  to.set_all(from.all());
  *to.mutable_flags() = from.flags();
  if (from.has_destination()) *to.mutable_destination() = from.destination();
  *to.mutable_control_messages() = from.control_messages();
}

void CopyWithoutPayload(const v1::ReceiveResponse& from,
                        v1::ReceiveResponse& to) {
  *to.mutable_outcome() = from.outcome();
  if (from.has_bytes_received()) to.set_bytes_received(from.bytes_received());
  if (from.has_source()) *to.mutable_source() = from.source();
  *to.mutable_flags() = from.flags();
  *to.mutable_control_messages() = from.control_messages();
  if (from.has_mismatch()) *to.mutable_mismatch() = from.mismatch();
}

}  // namespace

ActionRecord RecordOf(const v1::Action& action, Payload payload) {
  ActionRecord record;
  record.method = MethodOf(action);
  std::vector<std::string> sockets = SocketsOf(action);
  if (sockets.size() == 1) record.socket = std::move(sockets.front());
  const std::string& data = action.send().data();
  if (data.size() <= kMaxKeptPayload) {
    record.bytes = action.SerializeAsString();
    return record;
  }
  v1::Action trimmed;
  CopyWithoutPayload(action.send(), *trimmed.mutable_send());
  record.bytes = trimmed.SerializeAsString();
  record.left_out = data.size();
  if (payload == Payload::kKept) record.payload = data;
  return record;
}

bool ReadRecord(const std::string& bytes, std::string payload,
                v1::Action& action) {
  if (!action.ParseFromString(bytes)) return false;
  if (!payload.empty()) action.mutable_send()->set_data(std::move(payload));
  return true;
}

ReplyRecord RecordOf(const v1::ActionReply& reply, Payload payload) {
  const size_t size = reply.receive().data().size();
  if (size <= kMaxKeptPayload || payload == Payload::kKept) {
    return {.bytes = reply.SerializeAsString()};
  }
  v1::ActionReply trimmed;
  CopyWithoutPayload(reply.receive(), *trimmed.mutable_receive());
  return {.bytes = trimmed.SerializeAsString(), .left_out = size};
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

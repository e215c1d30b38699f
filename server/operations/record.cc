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

void CopyWithoutPayload(const v1::SendBatchRequest& from,
                        v1::SendBatchRequest& to) {
  to.set_socket(from.socket());
  *to.mutable_flags() = from.flags();
  for (const v1::OutgoingMessage& message : from.messages()) {
    v1::OutgoingMessage& kept = *to.add_messages();
    if (message.has_destination()) {
      *kept.mutable_destination() = message.destination();
    }
  }
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

// Of its control messages, what they are and which sockets came with them.
void CopyWithoutPayload(const v1::ReceiveBatchResponse& from,
                        v1::ReceiveBatchResponse& to) {
  *to.mutable_outcome() = from.outcome();
  for (const v1::IncomingMessage& message : from.messages()) {
    v1::IncomingMessage& kept = *to.add_messages();
    kept.set_bytes_received(message.bytes_received());
    if (message.has_source()) *kept.mutable_source() = message.source();
    *kept.mutable_flags() = message.flags();
    for (const v1::ControlMessage& control : message.control_messages()) {
      v1::ControlMessage& kept_control = *kept.add_control_messages();
      kept_control.set_level(control.level());
      kept_control.set_type(control.type());
      kept_control.set_name(control.name());
      if (control.has_rights()) {
        *kept_control.mutable_rights() = control.rights();
      }
    }
  }
}

// Bytes of the messages of a batch, with their control messages.
size_t PayloadOf(const v1::SendBatchRequest& batch) {
  size_t size = 0;
  for (const v1::OutgoingMessage& message : batch.messages()) {
    size += message.data().size();
    for (const v1::ControlMessage& control : message.control_messages()) {
      size += control.ByteSizeLong();
    }
  }
  return size;
}

size_t PayloadOf(const v1::ReceiveBatchResponse& batch) {
  size_t size = 0;
  for (const v1::IncomingMessage& message : batch.messages()) {
    size += message.data().size();
    for (const v1::ControlMessage& control : message.control_messages()) {
      size += control.data().size();
    }
  }
  return size;
}

}  // namespace

ActionRecord RecordOf(const v1::Action& action, Payload payload) {
  ActionRecord record;
  record.method = MethodOf(action);
  std::vector<std::string> sockets = SocketsOf(action);
  if (sockets.size() == 1) record.socket = std::move(sockets.front());
  const std::string& data = action.send().data();
  const size_t size =
      action.has_send_batch() ? PayloadOf(action.send_batch()) : data.size();
  if (size <= kMaxKeptPayload) {
    record.bytes = action.SerializeAsString();
    return record;
  }
  v1::Action trimmed;
  record.left_out = size;
  if (action.has_send_batch()) {
    CopyWithoutPayload(action.send_batch(), *trimmed.mutable_send_batch());
    if (payload == Payload::kKept) record.payload = action.SerializeAsString();
  } else {
    CopyWithoutPayload(action.send(), *trimmed.mutable_send());
    if (payload == Payload::kKept) record.payload = data;
  }
  record.bytes = trimmed.SerializeAsString();
  return record;
}

bool ReadRecord(const std::string& bytes, std::string payload,
                v1::Action& action) {
  if (!action.ParseFromString(bytes)) return false;
  if (payload.empty()) return true;
  if (action.has_send_batch()) return action.ParseFromString(payload);
  action.mutable_send()->set_data(std::move(payload));
  return true;
}

ReplyRecord RecordOf(const v1::ActionReply& reply, Payload payload) {
  const size_t size = reply.has_receive_batch()
                          ? PayloadOf(reply.receive_batch())
                          : reply.receive().data().size();
  if (size <= kMaxKeptPayload || payload == Payload::kKept) {
    return {.bytes = reply.SerializeAsString()};
  }
  v1::ActionReply trimmed;
  if (reply.has_receive_batch()) {
    CopyWithoutPayload(reply.receive_batch(), *trimmed.mutable_receive_batch());
  } else {
    CopyWithoutPayload(reply.receive(), *trimmed.mutable_receive());
  }
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

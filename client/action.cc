#include "client/action.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace standoff::client {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// The field of a message's oneof that is set, or null.
const FieldDescriptor* SetField(const Message& message) {
  return message.GetReflection()->GetOneofFieldDescriptor(
      message, message.GetDescriptor()->oneof_decl(0));
}

// Adds the text of a field, if the message has such a field and a text in it.
void AddText(const Message& message, const std::string& field,
             std::vector<std::string>& texts) {
  const FieldDescriptor* descriptor =
      message.GetDescriptor()->FindFieldByName(field);
  if (descriptor == nullptr) return;
  std::string text = message.GetReflection()->GetString(message, descriptor);
  if (!text.empty()) texts.push_back(std::move(text));
}

}  // namespace

std::string ActionName(const v1::Action& action) {
  const FieldDescriptor* field = SetField(action);
  if (field == nullptr) return "";
  const absl::string_view name =
      absl::StripSuffix(field->message_type()->name(), "Request");
  return std::string(absl::StripPrefix(name, "SocketService"));
}

std::vector<std::string> ActionSockets(const v1::Action& action) {
  std::vector<std::string> sockets;
  switch (action.request_case()) {
    case v1::Action::REQUEST_NOT_SET:
      break;
    case v1::Action::kOpen:
      AddText(action.open(), "name", sockets);
      break;
    case v1::Action::kOpenPair:
      AddText(action.open_pair(), "first_name", sockets);
      AddText(action.open_pair(), "second_name", sockets);
      break;
    case v1::Action::kPoll:
      for (const v1::PollItem& item : action.poll().items()) {
        sockets.push_back(item.socket());
      }
      break;
    default:
      AddText(action.GetReflection()->GetMessage(action, SetField(action)),
              "socket", sockets);
  }
  return sockets;
}

absl::Status RefusalStatus(const v1::Refusal& refusal) {
  const bool known = refusal.code() > 0 && refusal.code() <= 16;
  return absl::Status(known ? static_cast<absl::StatusCode>(refusal.code())
                            : absl::StatusCode::kUnknown,
                      refusal.message());
}

absl::Status WrongReply(const v1::ActionReply& reply,
                        absl::string_view wanted) {
  if (reply.has_refusal()) return RefusalStatus(reply.refusal());
  const FieldDescriptor* field = SetField(reply);
  if (field == nullptr) return absl::FailedPreconditionError("no reply");
  return absl::InvalidArgumentError(absl::StrCat(
      "the reply is a ", field->message_type()->name(), " and no ", wanted));
}

bool HasEnded(const v1::Operation& operation) {
  return operation.state() == v1::OPERATION_STATE_DONE ||
         operation.state() == v1::OPERATION_STATE_CANCELLED ||
         operation.state() == v1::OPERATION_STATE_SKIPPED;
}

std::string DescribeOperation(const v1::Operation& operation) {
  std::string text = absl::StrCat("operation ", operation.id());
  if (const std::string name = ActionName(operation.action()); !name.empty()) {
    absl::StrAppend(&text, ", ", name);
  }
  if (const auto sockets = ActionSockets(operation.action());
      !sockets.empty()) {
    absl::StrAppend(&text, " on ", sockets.front(),
                    sockets.size() == 1 ? "" : " and others");
  }
  if (!operation.actor().empty()) {
    absl::StrAppend(&text, ", of actor ", operation.actor());
  }
  absl::StrAppend(
      &text, ", ",
      absl::AsciiStrToLower(absl::StripPrefix(
          v1::OperationState_Name(operation.state()), "OPERATION_STATE_")));
  if (operation.has_block()) {
    absl::StrAppend(&text, " in ", operation.block().syscall());
  }
  return text;
}

absl::Status NoReply(const v1::Operation& operation) {
  const std::string text = DescribeOperation(operation);
  switch (operation.state()) {
    case v1::OPERATION_STATE_CANCELLED:
      return absl::CancelledError(
          absl::StrCat(text, ": it was cancelled before it began"));
    case v1::OPERATION_STATE_SKIPPED:
      return absl::AbortedError(
          absl::StrCat(text, ": an earlier action of its program failed"));
    default:
      return absl::FailedPreconditionError(
          absl::StrCat(text, ": no reply yet"));
  }
}

}  // namespace standoff::client

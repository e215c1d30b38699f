// Socket calls as data: v1::Action and v1::ActionReply, by the types of
// SocketService's messages.
//
//   v1::ReceiveRequest request;
//   request.set_socket("s1");
//   v1::Action action = MakeAction(request);
//   …
//   absl::StatusOr<v1::ReceiveResponse> response =
//       ReplyAs<v1::ReceiveResponse>(reply);
//
// Which field belongs to which message stands in one table, below.

#ifndef STANDOFF_CLIENT_ACTION_H_
#define STANDOFF_CLIENT_ACTION_H_

#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/rpc.h"
#include "standoff/v1/action.pb.h"
#include "standoff/v1/operation.pb.h"

namespace standoff::client {

// A row of the table: a request and its field of v1::Action, its response and
// that field of v1::ActionReply.
template <typename RequestType, RequestType* (v1::Action::*mutable_request)(),
          typename ResponseType, v1::ActionReply::ReplyCase reply_case,
          const ResponseType& (v1::ActionReply::*reply)() const>
struct ActionRow {
  using Request = RequestType;
  using Response = ResponseType;
  static constexpr auto kMutableRequest = mutable_request;
  static constexpr auto kReplyCase = reply_case;
  static constexpr auto kReply = reply;
};

// Looks a row up by either type.
template <typename... Rows>
struct ActionRows {
  template <typename Message>
  static constexpr bool kHas =
      ((std::same_as<Message, typename Rows::Request> ||
        std::same_as<Message, typename Rows::Response>) ||
       ...);

  // Calls `function` with the row of Message, which there must be.
  template <typename Message, typename Function>
  static void Visit(Function function) {
    const auto visit = [&]<typename Row>(Row row) {
      if constexpr (std::same_as<Message, typename Row::Request> ||
                    std::same_as<Message, typename Row::Response>) {
        function(row);
      }
    };
    (visit(Rows()), ...);
  }
};

using ActionTable = ActionRows<
    ActionRow<v1::OpenRequest, &v1::Action::mutable_open, v1::OpenResponse,
              v1::ActionReply::kOpen, &v1::ActionReply::open>,
    ActionRow<v1::OpenPairRequest, &v1::Action::mutable_open_pair,
              v1::OpenPairResponse, v1::ActionReply::kOpenPair,
              &v1::ActionReply::open_pair>,
    ActionRow<v1::DuplicateRequest, &v1::Action::mutable_duplicate,
              v1::DuplicateResponse, v1::ActionReply::kDuplicate,
              &v1::ActionReply::duplicate>,
    ActionRow<v1::BindRequest, &v1::Action::mutable_bind, v1::BindResponse,
              v1::ActionReply::kBind, &v1::ActionReply::bind>,
    ActionRow<v1::ListenRequest, &v1::Action::mutable_listen,
              v1::ListenResponse, v1::ActionReply::kListen,
              &v1::ActionReply::listen>,
    ActionRow<v1::ConnectRequest, &v1::Action::mutable_connect,
              v1::ConnectResponse, v1::ActionReply::kConnect,
              &v1::ActionReply::connect>,
    ActionRow<v1::AcceptRequest, &v1::Action::mutable_accept,
              v1::AcceptResponse, v1::ActionReply::kAccept,
              &v1::ActionReply::accept>,
    ActionRow<v1::SendRequest, &v1::Action::mutable_send, v1::SendResponse,
              v1::ActionReply::kSend, &v1::ActionReply::send>,
    ActionRow<v1::ReceiveRequest, &v1::Action::mutable_receive,
              v1::ReceiveResponse, v1::ActionReply::kReceive,
              &v1::ActionReply::receive>,
    ActionRow<v1::ShutdownRequest, &v1::Action::mutable_shutdown,
              v1::ShutdownResponse, v1::ActionReply::kShutdown,
              &v1::ActionReply::shutdown>,
    ActionRow<v1::CloseRequest, &v1::Action::mutable_close, v1::CloseResponse,
              v1::ActionReply::kClose, &v1::ActionReply::close>,
    ActionRow<v1::SetBlockingRequest, &v1::Action::mutable_set_blocking,
              v1::SetBlockingResponse, v1::ActionReply::kSetBlocking,
              &v1::ActionReply::set_blocking>,
    ActionRow<v1::SetTimeoutRequest, &v1::Action::mutable_set_timeout,
              v1::SetTimeoutResponse, v1::ActionReply::kSetTimeout,
              &v1::ActionReply::set_timeout>,
    ActionRow<v1::SetOptionRequest, &v1::Action::mutable_set_option,
              v1::SetOptionResponse, v1::ActionReply::kSetOption,
              &v1::ActionReply::set_option>,
    ActionRow<v1::GetOptionRequest, &v1::Action::mutable_get_option,
              v1::GetOptionResponse, v1::ActionReply::kGetOption,
              &v1::ActionReply::get_option>,
    ActionRow<v1::DescribeRequest, &v1::Action::mutable_describe,
              v1::DescribeResponse, v1::ActionReply::kDescribe,
              &v1::ActionReply::describe>,
    ActionRow<v1::SocketServiceListRequest, &v1::Action::mutable_list,
              v1::SocketServiceListResponse, v1::ActionReply::kList,
              &v1::ActionReply::list>,
    ActionRow<v1::PollRequest, &v1::Action::mutable_poll, v1::PollResponse,
              v1::ActionReply::kPoll, &v1::ActionReply::poll>,
    ActionRow<v1::ResolveRequest, &v1::Action::mutable_resolve,
              v1::ResolveResponse, v1::ActionReply::kResolve,
              &v1::ActionReply::resolve>,
    ActionRow<v1::GetLocalAddressRequest,
              &v1::Action::mutable_get_local_address,
              v1::GetLocalAddressResponse, v1::ActionReply::kGetLocalAddress,
              &v1::ActionReply::get_local_address>,
    ActionRow<v1::GetPeerAddressRequest, &v1::Action::mutable_get_peer_address,
              v1::GetPeerAddressResponse, v1::ActionReply::kGetPeerAddress,
              &v1::ActionReply::get_peer_address>,
    ActionRow<v1::GetReceiveQueueRequest,
              &v1::Action::mutable_get_receive_queue,
              v1::GetReceiveQueueResponse, v1::ActionReply::kGetReceiveQueue,
              &v1::ActionReply::get_receive_queue>,
    ActionRow<v1::GetSendQueueRequest, &v1::Action::mutable_get_send_queue,
              v1::GetSendQueueResponse, v1::ActionReply::kGetSendQueue,
              &v1::ActionReply::get_send_queue>,
    ActionRow<v1::IsAtMarkRequest, &v1::Action::mutable_is_at_mark,
              v1::IsAtMarkResponse, v1::ActionReply::kIsAtMark,
              &v1::ActionReply::is_at_mark>,
    ActionRow<v1::SendBatchRequest, &v1::Action::mutable_send_batch,
              v1::SendBatchResponse, v1::ActionReply::kSendBatch,
              &v1::ActionReply::send_batch>,
    ActionRow<v1::ReceiveBatchRequest, &v1::Action::mutable_receive_batch,
              v1::ReceiveBatchResponse, v1::ActionReply::kReceiveBatch,
              &v1::ActionReply::receive_batch>>;

// A request that can be an action, and its response.
template <typename Message>
concept ActionRequest = Request<Message> && ActionTable::kHas<Message>;
template <typename Message>
concept ActionResponse = !Request<Message> && ActionTable::kHas<Message>;

// The action that a request stands for.
template <ActionRequest Message>
v1::Action MakeAction(Message request) {
  v1::Action action;
  ActionTable::Visit<Message>(
      [&](auto row) { *(action.*row.kMutableRequest)() = std::move(request); });
  return action;
}

// What an action does: the name of SocketService's RPC, "Send". Empty for one
// that does nothing.
std::string ActionName(const v1::Action& action);

// The sockets that an action names, in its order: none, one, or those of a
// poll. An open names those that it makes, if it chose their names.
std::vector<std::string> ActionSockets(const v1::Action& action);

// The status of a refusal: that which the RPC would have had. Unknown if its
// code is none, never OK.
absl::Status RefusalStatus(const v1::Refusal& refusal);

// Why a reply is not of the kind that was wanted. For ReplyAs().
absl::Status WrongReply(const v1::ActionReply& reply, absl::string_view wanted);

// The response in a reply. A refusal is its status. InvalidArgument for a reply
// to another kind of action; FailedPrecondition for none.
template <ActionResponse Response>
absl::StatusOr<Response> ReplyAs(const v1::ActionReply& reply) {
  const Response* response = nullptr;
  ActionTable::Visit<Response>([&](auto row) {
    if (reply.reply_case() == row.kReplyCase) response = &(reply.*row.kReply)();
  });
  if (response != nullptr) return *response;
  return WrongReply(reply, Response::descriptor()->name());
}

// Whether an operation has ended: is done, cancelled or skipped.
bool HasEnded(const v1::Operation& operation);

// "operation 7, Send on s1, of actor a, blocked in sendto".
std::string DescribeOperation(const v1::Operation& operation);

// Why an operation has no reply. For OperationReplyAs().
absl::Status NoReply(const v1::Operation& operation);

// The response of an operation. One that was cancelled while it was performed
// has a response, too, whose outcome says so, and which has what it had done
// until then. FailedPrecondition if it has not ended; Cancelled if it was
// cancelled before it began; Aborted if it was skipped; else as ReplyAs().
template <ActionResponse Response>
absl::StatusOr<Response> OperationReplyAs(const v1::Operation& operation) {
  if (operation.reply().reply_case() == v1::ActionReply::REPLY_NOT_SET) {
    return NoReply(operation);
  }
  return ReplyAs<Response>(operation.reply());
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_ACTION_H_

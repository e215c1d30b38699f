// One Prepare() for each request of SocketService.
//
// It checks the request and gives the action, or the status to refuse it with:
// InvalidArgument, NotFound, AlreadyExists, PermissionDenied or
// ResourceExhausted, as
// socket_service.proto says. Request, response and context must live until the
// action was performed or destroyed.

#ifndef STANDOFF_SERVER_ACTIONS_ACTIONS_H_
#define STANDOFF_SERVER_ACTIONS_ACTIONS_H_

#include "absl/status/statusor.h"
#include "server/actions/action.h"
#include "standoff/v1/socket_service.pb.h"

namespace standoff {

// ask.cc
absl::StatusOr<PreparedAction> Prepare(
    ActionContext& context, const v1::GetLocalAddressRequest& request,
    v1::GetLocalAddressResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::GetPeerAddressRequest& request,
                                       v1::GetPeerAddressResponse& response);
absl::StatusOr<PreparedAction> Prepare(
    ActionContext& context, const v1::GetReceiveQueueRequest& request,
    v1::GetReceiveQueueResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::GetSendQueueRequest& request,
                                       v1::GetSendQueueResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::IsAtMarkRequest& request,
                                       v1::IsAtMarkResponse& response);

// batch.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SendBatchRequest& request,
                                       v1::SendBatchResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ReceiveBatchRequest& request,
                                       v1::ReceiveBatchResponse& response);

// open.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::OpenRequest& request,
                                       v1::OpenResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::OpenPairRequest& request,
                                       v1::OpenPairResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::AcceptRequest& request,
                                       v1::AcceptResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::DuplicateRequest& request,
                                       v1::DuplicateResponse& response);

// connect.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::BindRequest& request,
                                       v1::BindResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ListenRequest& request,
                                       v1::ListenResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ConnectRequest& request,
                                       v1::ConnectResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ShutdownRequest& request,
                                       v1::ShutdownResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::CloseRequest& request,
                                       v1::CloseResponse& response);

// send.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SendRequest& request,
                                       v1::SendResponse& response);

// receive.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ReceiveRequest& request,
                                       v1::ReceiveResponse& response);

// configure.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SetBlockingRequest& request,
                                       v1::SetBlockingResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SetTimeoutRequest& request,
                                       v1::SetTimeoutResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SetOptionRequest& request,
                                       v1::SetOptionResponse& response);
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::GetOptionRequest& request,
                                       v1::GetOptionResponse& response);

// describe.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::DescribeRequest& request,
                                       v1::DescribeResponse& response);
absl::StatusOr<PreparedAction> Prepare(
    ActionContext& context, const v1::SocketServiceListRequest& request,
    v1::SocketServiceListResponse& response);

// poll.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::PollRequest& request,
                                       v1::PollResponse& response);

// resolve.cc
absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ResolveRequest& request,
                                       v1::ResolveResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_ACTIONS_H_

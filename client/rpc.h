// Which RPC each request message belongs to, in one place. Everything that
// makes calls goes by the type of the request.

#ifndef STANDOFF_CLIENT_RPC_H_
#define STANDOFF_CLIENT_RPC_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "standoff/v1/host_service.grpc.pb.h"
#include "standoff/v1/operation_service.grpc.pb.h"
#include "standoff/v1/session_service.grpc.pb.h"
#include "standoff/v1/socket_service.grpc.pb.h"

namespace standoff::client {

// A unary RPC: its service, reply and the stub's method that starts it.
template <typename ServiceType, typename Request, typename ResponseType,
          void (ServiceType::StubInterface::async_interface::*method)(
              grpc::ClientContext*, const Request*, ResponseType*,
              std::function<void(grpc::Status)>)>
struct UnaryRpc {
  using Service = ServiceType;
  using Response = ResponseType;
  static constexpr auto kMethod = method;
};

template <typename Request, typename Response,
          void (v1::SocketService::StubInterface::async_interface::*method)(
              grpc::ClientContext*, const Request*, Response*,
              std::function<void(grpc::Status)>)>
using SocketRpc = UnaryRpc<v1::SocketService, Request, Response, method>;

template <typename Request, typename Response,
          void (v1::OperationService::StubInterface::async_interface::*method)(
              grpc::ClientContext*, const Request*, Response*,
              std::function<void(grpc::Status)>)>
using OperationRpc = UnaryRpc<v1::OperationService, Request, Response, method>;

template <typename Request, typename Response,
          void (v1::SessionService::StubInterface::async_interface::*method)(
              grpc::ClientContext*, const Request*, Response*,
              std::function<void(grpc::Status)>)>
using SessionRpc = UnaryRpc<v1::SessionService, Request, Response, method>;

template <typename Request, typename Response,
          void (v1::HostService::StubInterface::async_interface::*method)(
              grpc::ClientContext*, const Request*, Response*,
              std::function<void(grpc::Status)>)>
using HostRpc = UnaryRpc<v1::HostService, Request, Response, method>;

template <typename Request>
struct Rpc;

using SocketMethods = v1::SocketService::StubInterface::async_interface;
using OperationMethods = v1::OperationService::StubInterface::async_interface;
using SessionMethods = v1::SessionService::StubInterface::async_interface;
using HostMethods = v1::HostService::StubInterface::async_interface;

template <>
struct Rpc<v1::OpenRequest>
    : SocketRpc<v1::OpenRequest, v1::OpenResponse, &SocketMethods::Open> {};
template <>
struct Rpc<v1::OpenPairRequest>
    : SocketRpc<v1::OpenPairRequest, v1::OpenPairResponse,
                &SocketMethods::OpenPair> {};
template <>
struct Rpc<v1::DuplicateRequest>
    : SocketRpc<v1::DuplicateRequest, v1::DuplicateResponse,
                &SocketMethods::Duplicate> {};
template <>
struct Rpc<v1::BindRequest>
    : SocketRpc<v1::BindRequest, v1::BindResponse, &SocketMethods::Bind> {};
template <>
struct Rpc<v1::ListenRequest>
    : SocketRpc<v1::ListenRequest, v1::ListenResponse, &SocketMethods::Listen> {
};
template <>
struct Rpc<v1::ConnectRequest>
    : SocketRpc<v1::ConnectRequest, v1::ConnectResponse,
                &SocketMethods::Connect> {};
template <>
struct Rpc<v1::AcceptRequest>
    : SocketRpc<v1::AcceptRequest, v1::AcceptResponse, &SocketMethods::Accept> {
};
template <>
struct Rpc<v1::SendRequest>
    : SocketRpc<v1::SendRequest, v1::SendResponse, &SocketMethods::Send> {};
template <>
struct Rpc<v1::ReceiveRequest>
    : SocketRpc<v1::ReceiveRequest, v1::ReceiveResponse,
                &SocketMethods::Receive> {};
template <>
struct Rpc<v1::ShutdownRequest>
    : SocketRpc<v1::ShutdownRequest, v1::ShutdownResponse,
                &SocketMethods::Shutdown> {};
template <>
struct Rpc<v1::CloseRequest>
    : SocketRpc<v1::CloseRequest, v1::CloseResponse, &SocketMethods::Close> {};
template <>
struct Rpc<v1::SetBlockingRequest>
    : SocketRpc<v1::SetBlockingRequest, v1::SetBlockingResponse,
                &SocketMethods::SetBlocking> {};
template <>
struct Rpc<v1::SetTimeoutRequest>
    : SocketRpc<v1::SetTimeoutRequest, v1::SetTimeoutResponse,
                &SocketMethods::SetTimeout> {};
template <>
struct Rpc<v1::SetOptionRequest>
    : SocketRpc<v1::SetOptionRequest, v1::SetOptionResponse,
                &SocketMethods::SetOption> {};
template <>
struct Rpc<v1::GetOptionRequest>
    : SocketRpc<v1::GetOptionRequest, v1::GetOptionResponse,
                &SocketMethods::GetOption> {};
template <>
struct Rpc<v1::DescribeRequest>
    : SocketRpc<v1::DescribeRequest, v1::DescribeResponse,
                &SocketMethods::Describe> {};
template <>
struct Rpc<v1::SocketServiceListRequest>
    : SocketRpc<v1::SocketServiceListRequest, v1::SocketServiceListResponse,
                &SocketMethods::List> {};
template <>
struct Rpc<v1::PollRequest>
    : SocketRpc<v1::PollRequest, v1::PollResponse, &SocketMethods::Poll> {};
template <>
struct Rpc<v1::ResolveRequest>
    : SocketRpc<v1::ResolveRequest, v1::ResolveResponse,
                &SocketMethods::Resolve> {};
template <>
struct Rpc<v1::GetLocalAddressRequest>
    : SocketRpc<v1::GetLocalAddressRequest, v1::GetLocalAddressResponse,
                &SocketMethods::GetLocalAddress> {};
template <>
struct Rpc<v1::GetPeerAddressRequest>
    : SocketRpc<v1::GetPeerAddressRequest, v1::GetPeerAddressResponse,
                &SocketMethods::GetPeerAddress> {};
template <>
struct Rpc<v1::GetReceiveQueueRequest>
    : SocketRpc<v1::GetReceiveQueueRequest, v1::GetReceiveQueueResponse,
                &SocketMethods::GetReceiveQueue> {};
template <>
struct Rpc<v1::GetSendQueueRequest>
    : SocketRpc<v1::GetSendQueueRequest, v1::GetSendQueueResponse,
                &SocketMethods::GetSendQueue> {};
template <>
struct Rpc<v1::IsAtMarkRequest>
    : SocketRpc<v1::IsAtMarkRequest, v1::IsAtMarkResponse,
                &SocketMethods::IsAtMark> {};
template <>
struct Rpc<v1::SendBatchRequest>
    : SocketRpc<v1::SendBatchRequest, v1::SendBatchResponse,
                &SocketMethods::SendBatch> {};
template <>
struct Rpc<v1::ReceiveBatchRequest>
    : SocketRpc<v1::ReceiveBatchRequest, v1::ReceiveBatchResponse,
                &SocketMethods::ReceiveBatch> {};
template <>
struct Rpc<v1::StartRequest> : OperationRpc<v1::StartRequest, v1::StartResponse,
                                            &OperationMethods::Start> {};
template <>
struct Rpc<v1::WaitRequest>
    : OperationRpc<v1::WaitRequest, v1::WaitResponse, &OperationMethods::Wait> {
};
template <>
struct Rpc<v1::CancelRequest>
    : OperationRpc<v1::CancelRequest, v1::CancelResponse,
                   &OperationMethods::Cancel> {};
template <>
struct Rpc<v1::GetRequest>
    : OperationRpc<v1::GetRequest, v1::GetResponse, &OperationMethods::Get> {};
template <>
struct Rpc<v1::OperationServiceListRequest>
    : OperationRpc<v1::OperationServiceListRequest,
                   v1::OperationServiceListResponse, &OperationMethods::List> {
};
template <>
struct Rpc<v1::CreateRequest>
    : SessionRpc<v1::CreateRequest, v1::CreateResponse,
                 &SessionMethods::Create> {};
template <>
struct Rpc<v1::KeepAliveRequest>
    : SessionRpc<v1::KeepAliveRequest, v1::KeepAliveResponse,
                 &SessionMethods::KeepAlive> {};
template <>
struct Rpc<v1::DeleteRequest>
    : SessionRpc<v1::DeleteRequest, v1::DeleteResponse,
                 &SessionMethods::Delete> {};
template <>
struct Rpc<v1::SessionServiceListRequest>
    : SessionRpc<v1::SessionServiceListRequest, v1::SessionServiceListResponse,
                 &SessionMethods::List> {};
template <>
struct Rpc<v1::GetInfoRequest>
    : HostRpc<v1::GetInfoRequest, v1::GetInfoResponse, &HostMethods::GetInfo> {
};
template <>
struct Rpc<v1::GetClockRequest>
    : HostRpc<v1::GetClockRequest, v1::GetClockResponse,
              &HostMethods::GetClock> {};
template <>
struct Rpc<v1::SnapshotRequest>
    : HostRpc<v1::SnapshotRequest, v1::SnapshotResponse,
              &HostMethods::Snapshot> {};

// A type that is the request of an RPC.
template <typename Message>
concept Request = requires {
  typename Rpc<Message>::Response;
};

// A request that is about one socket, named by its field `socket`.
template <typename Message>
concept SocketRequest = Request<Message> &&
    requires(Message message, std::string name) {
  message.set_socket(name);
};

// The reply to a request.
template <Request Message>
using ResponseTo = typename Rpc<Message>::Response;

// The name of a request's RPC: "Send". Messages that would share a name with
// another service's have their service's before it: SocketServiceListRequest.
template <Request Message>
absl::string_view RpcName() {
  absl::string_view service = Rpc<Message>::Service::service_full_name();
  service.remove_prefix(service.rfind('.') + 1);
  return absl::StripPrefix(
      absl::StripSuffix(Message::descriptor()->name(), "Request"), service);
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_RPC_H_

#include "client/socket_verbs.h"

#include "absl/status/status.h"
#include "client/address.h"

namespace standoff::client {
namespace {

// A request with an address given as a text.
template <typename Message>
absl::StatusOr<Message> WithAddress(absl::string_view text) {
  absl::StatusOr<v1::Address> address = ParseAddress(text);
  if (!address.ok()) return address.status();
  Message request;
  *request.mutable_address() = *std::move(address);
  return request;
}

}  // namespace

template <template <typename> class Result>
Result<v1::DuplicateResponse> SocketVerbs<Result>::Duplicate(
    absl::string_view name, const CallOptions& options) const {
  v1::DuplicateRequest request;
  request.set_name(std::string(name));
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::BindResponse> SocketVerbs<Result>::Bind(
    const v1::Address& address, const CallOptions& options) const {
  v1::BindRequest request;
  *request.mutable_address() = address;
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::BindResponse> SocketVerbs<Result>::Bind(
    absl::string_view address, const CallOptions& options) const {
  auto request = WithAddress<v1::BindRequest>(address);
  if (!request.ok()) {
    return DeliverFailure<Result, v1::BindResponse>(request.status());
  }
  return Run(*std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ListenResponse> SocketVerbs<Result>::Listen(
    std::optional<int32_t> backlog, const CallOptions& options) const {
  v1::ListenRequest request;
  if (backlog.has_value()) request.set_backlog(*backlog);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ConnectResponse> SocketVerbs<Result>::Connect(
    const v1::Address& address, const CallOptions& options) const {
  v1::ConnectRequest request;
  *request.mutable_address() = address;
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ConnectResponse> SocketVerbs<Result>::Connect(
    absl::string_view address, const CallOptions& options) const {
  auto request = WithAddress<v1::ConnectRequest>(address);
  if (!request.ok()) {
    return DeliverFailure<Result, v1::ConnectResponse>(request.status());
  }
  return Run(*std::move(request), options);
}

template <template <typename> class Result>
Result<v1::AcceptResponse> SocketVerbs<Result>::Accept(
    absl::string_view name, const CallOptions& options) const {
  v1::AcceptRequest request;
  request.set_name(std::string(name));
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::SendResponse> SocketVerbs<Result>::Send(
    absl::string_view data, const CallOptions& options) const {
  v1::SendRequest request;
  request.set_data(std::string(data));
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::SendResponse> SocketVerbs<Result>::SendAll(
    absl::string_view data, const CallOptions& options) const {
  v1::SendRequest request;
  request.set_data(std::string(data));
  request.set_all(true);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::SendResponse> SocketVerbs<Result>::SendAll(
    const v1::Pattern& pattern, int64_t length,
    const CallOptions& options) const {
  v1::SendRequest request;
  *request.mutable_pattern() = pattern;
  request.set_length(length);
  request.set_all(true);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::SendResponse> SocketVerbs<Result>::SendTo(
    const v1::Address& destination, absl::string_view data,
    const CallOptions& options) const {
  v1::SendRequest request;
  request.set_data(std::string(data));
  *request.mutable_destination() = destination;
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ReceiveResponse> SocketVerbs<Result>::Receive(
    int64_t length, const CallOptions& options) const {
  v1::ReceiveRequest request;
  request.set_length(length);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ReceiveResponse> SocketVerbs<Result>::ReceiveAll(
    int64_t length, const CallOptions& options) const {
  v1::ReceiveRequest request;
  request.set_length(length);
  request.set_all(true);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ReceiveResponse> SocketVerbs<Result>::VerifyAll(
    const v1::Pattern& pattern, int64_t length,
    const CallOptions& options) const {
  v1::ReceiveRequest request;
  request.set_length(length);
  request.set_all(true);
  *request.mutable_verify() = pattern;
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::SendBatchResponse> SocketVerbs<Result>::SendBatch(
    absl::Span<const absl::string_view> messages,
    const CallOptions& options) const {
  v1::SendBatchRequest request;
  for (const absl::string_view message : messages) {
    request.add_messages()->set_data(std::string(message));
  }
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ReceiveBatchResponse> SocketVerbs<Result>::ReceiveBatch(
    int32_t count, int64_t length, const CallOptions& options) const {
  v1::ReceiveBatchRequest request;
  request.set_count(count);
  request.set_length(length);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::ShutdownResponse> SocketVerbs<Result>::Shutdown(
    v1::ShutdownDirection direction, const CallOptions& options) const {
  v1::ShutdownRequest request;
  request.set_direction(direction);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::CloseResponse> SocketVerbs<Result>::Close(
    const CallOptions& options) const {
  return Run(v1::CloseRequest(), options);
}

template <template <typename> class Result>
Result<v1::SetBlockingResponse> SocketVerbs<Result>::SetBlocking(
    bool blocking, const CallOptions& options) const {
  v1::SetBlockingRequest request;
  request.set_blocking(blocking);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::SetTimeoutResponse> SocketVerbs<Result>::SetTimeout(
    std::optional<double> seconds, const CallOptions& options) const {
  v1::SetTimeoutRequest request;
  if (seconds.has_value()) request.set_timeout_seconds(*seconds);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::SetOptionResponse> SocketVerbs<Result>::SetOption(
    absl::string_view option, int64_t value, const CallOptions& options) const {
  v1::SetOptionRequest request;
  request.mutable_option()->set_name(std::string(option));
  request.mutable_value()->set_integer(value);
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::GetOptionResponse> SocketVerbs<Result>::GetOption(
    absl::string_view option, const CallOptions& options) const {
  v1::GetOptionRequest request;
  request.mutable_option()->set_name(std::string(option));
  return Run(std::move(request), options);
}

template <template <typename> class Result>
Result<v1::GetLocalAddressResponse> SocketVerbs<Result>::GetLocalAddress(
    const CallOptions& options) const {
  return Run(v1::GetLocalAddressRequest(), options);
}

template <template <typename> class Result>
Result<v1::GetPeerAddressResponse> SocketVerbs<Result>::GetPeerAddress(
    const CallOptions& options) const {
  return Run(v1::GetPeerAddressRequest(), options);
}

template <template <typename> class Result>
Result<v1::GetReceiveQueueResponse> SocketVerbs<Result>::GetReceiveQueue(
    const CallOptions& options) const {
  return Run(v1::GetReceiveQueueRequest(), options);
}

template <template <typename> class Result>
Result<v1::GetSendQueueResponse> SocketVerbs<Result>::GetSendQueue(
    const CallOptions& options) const {
  return Run(v1::GetSendQueueRequest(), options);
}

template <template <typename> class Result>
Result<v1::IsAtMarkResponse> SocketVerbs<Result>::IsAtMark(
    const CallOptions& options) const {
  return Run(v1::IsAtMarkRequest(), options);
}

template <template <typename> class Result>
Result<v1::DescribeResponse> SocketVerbs<Result>::Describe(
    const CallOptions& options) const {
  return Run(v1::DescribeRequest(), options);
}

template class SocketVerbs<absl::StatusOr>;
template class SocketVerbs<Call>;

}  // namespace standoff::client

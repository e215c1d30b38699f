#include "tests/testing/operations.h"

#include <utility>

namespace standoff::client {

v1::ReceiveRequest ReceiveOn(const SocketRef& socket, int64_t length,
                             bool all) {
  v1::ReceiveRequest request;
  request.set_socket(socket.name());
  request.set_length(length);
  request.set_all(all);
  return request;
}

v1::SendRequest SendOn(const SocketRef& socket, std::string data) {
  v1::SendRequest request;
  request.set_socket(socket.name());
  request.set_data(std::move(data));
  return request;
}

v1::SendRequest EndlessSendOn(const SocketRef& socket) {
  v1::SendRequest request;
  request.set_socket(socket.name());
  request.mutable_pattern()->set_seed(1);
  request.set_length(int64_t{1} << 40);
  request.set_all(true);
  return request;
}

v1::ReceiveRequest EndlessReceiveOn(const SocketRef& socket) {
  v1::ReceiveRequest request =
      ReceiveOn(socket, EndlessSendOn(socket).length(), /*all=*/true);
  request.mutable_verify()->set_seed(1);
  return request;
}

v1::AcceptRequest AcceptOn(const SocketRef& listener, std::string name) {
  v1::AcceptRequest request;
  request.set_socket(listener.name());
  request.set_name(std::move(name));
  return request;
}

v1::ConnectRequest ConnectTo(const SocketRef& socket,
                             const v1::Address& address) {
  v1::ConnectRequest request;
  request.set_socket(socket.name());
  *request.mutable_address() = address;
  return request;
}

v1::PollRequest PollOn(const std::vector<std::string>& sockets) {
  v1::PollRequest request;
  for (const std::string& socket : sockets) {
    v1::PollItem& item = *request.add_items();
    item.set_socket(socket);
    item.add_events(v1::POLL_EVENT_IN);
  }
  return request;
}

std::vector<uint64_t> IdsOf(const std::vector<RemoteOperation>& operations) {
  std::vector<uint64_t> ids;
  for (const RemoteOperation& operation : operations) {
    ids.push_back(operation.id());
  }
  return ids;
}

v1::CancelRequest CancelRequestOf(
    const std::vector<RemoteOperation>& operations) {
  v1::CancelRequest request;
  for (const uint64_t id : IdsOf(operations)) request.add_ids(id);
  return request;
}

v1::Operation Ended(const RemoteOperation& operation) {
  return Must(operation.Wait(kPatience));
}

std::vector<v1::OperationState> EndedStates(
    const Host& host, const std::vector<RemoteOperation>& operations) {
  const v1::WaitResponse response =
      Must(host.WaitAll(operations, v1::WAIT_CONDITION_ENDED, kPatience));
  std::vector<v1::OperationState> states;
  for (const v1::Operation& operation : response.operations()) {
    states.push_back(operation.state());
  }
  return states;
}

std::vector<v1::Operation> ListAll(
    const Host& host, const v1::OperationServiceListRequest& request) {
  const v1::OperationServiceListResponse response =
      Must(host.ListOperations(request));
  return {response.operations().begin(), response.operations().end()};
}

}  // namespace standoff::client

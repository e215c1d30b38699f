// Operations on daemons to test with.

#ifndef STANDOFF_TESTS_TESTING_OPERATIONS_H_
#define STANDOFF_TESTS_TESTING_OPERATIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/host.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/operation.pb.h"
#include "standoff/v1/operation_service.pb.h"
#include "standoff/v1/socket_service.pb.h"
#include "tests/testing/must.h"

namespace standoff::client {

// Far longer than a loaded machine under a sanitizer needs.
inline constexpr absl::Duration kPatience = absl::Minutes(1);

// Requests for actors.
v1::ReceiveRequest ReceiveOn(const SocketRef& socket, int64_t length = 100,
                             bool all = false);
v1::SendRequest SendOn(const SocketRef& socket, std::string data);
// So much that it does not end unless somebody reads for very long.
v1::SendRequest EndlessSendOn(const SocketRef& socket);
// The same from the other end.
v1::ReceiveRequest EndlessReceiveOn(const SocketRef& socket);
v1::AcceptRequest AcceptOn(const SocketRef& listener, std::string name = "");
v1::ConnectRequest ConnectTo(const SocketRef& socket,
                             const v1::Address& address);
// Until there is something to receive on one of them.
v1::PollRequest PollOn(const std::vector<std::string>& sockets);

// Starts it on the actor, and waits until it is blocked.
template <typename Request>
RemoteOperation StartBlocked(const RemoteActor& actor, const Request& request) {
  RemoteOperation operation = Must(actor.Start(request));
  Must(operation.WaitBlocked(kPatience));
  return operation;
}

std::vector<uint64_t> IdsOf(const std::vector<RemoteOperation>& operations);
v1::CancelRequest CancelRequestOf(
    const std::vector<RemoteOperation>& operations);

// The operation as it is when it has ended.
v1::Operation Ended(const RemoteOperation& operation);
// The states of operations when all of them have ended.
std::vector<v1::OperationState> EndedStates(
    const Host& host, const std::vector<RemoteOperation>& operations);

// All operations of the session that fit.
std::vector<v1::Operation> ListAll(
    const Host& host, const v1::OperationServiceListRequest& request = {});

// An operation in this state.
MATCHER_P(InState, state, v1::OperationState_Name(state)) {
  *result_listener << v1::OperationState_Name(arg.state());
  return arg.state() == state;
}

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_OPERATIONS_H_

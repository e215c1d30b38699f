#include "bench/raw_client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstdlib>
#include <iostream>

#include "client/outcome.h"
#include "tests/testing/must.h"

namespace standoff::bench {

client::Daemon StartDaemon(const std::string& program) {
  return client::Must(client::Daemon::Start({.program = program,
                                             .listen = {"127.0.0.1:0"},
                                             .flags = {"--log_level=error"}}));
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

void MustBeOk(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << "status " << status.error_code() << ": "
            << status.error_message() << std::endl;
  std::abort();
}

void MustHaveReturned(const v1::Outcome& outcome) {
  if (client::Returned(outcome)) return;
  std::cerr << client::Describe(outcome) << std::endl;
  std::abort();
}

SocketNames OpenPair(v1::SocketService::Stub& stub,
                     std::optional<double> timeout) {
  grpc::ClientContext context;
  v1::OpenPairRequest request;
  if (timeout.has_value()) request.set_timeout_seconds(*timeout);
  v1::OpenPairResponse response;
  MustBeOk(stub.OpenPair(&context, request, &response));
  MustHaveReturned(response.outcome());
  return {.first = response.first_socket(), .second = response.second_socket()};
}

v1::SendRequest SendOf(const std::string& socket, const std::string& data) {
  v1::SendRequest request;
  request.set_socket(socket);
  request.set_data(data);
  return request;
}

v1::ReceiveRequest ReceiveOf(const std::string& socket, int64_t length) {
  v1::ReceiveRequest request;
  request.set_socket(socket);
  request.set_length(length);
  return request;
}

}  // namespace standoff::bench

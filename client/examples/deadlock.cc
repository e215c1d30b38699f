// Two hosts in a deadlock, made on purpose, proved and undone.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"

namespace {

namespace v1 = standoff::v1;
using standoff::client::Host;
using standoff::client::RemoteOperation;
using standoff::client::RemoteSession;
using standoff::client::RemoteSocket;
using standoff::client::SocketRef;

// More than all buffers hold.
constexpr int64_t kLength = 64 << 20;

template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::cerr << result.status() << "\n";
    std::exit(1);
  }
  return *std::move(result);
}

// The same of a reply, whose outcome is what the kernel said.
template <typename Response>
Response MustReturn(absl::StatusOr<Response> reply) {
  Response response = Must(std::move(reply));
  if (response.outcome().ending() != v1::ENDING_RETURNED) {
    std::cerr << standoff::client::Describe(response.outcome()) << "\n";
    std::exit(1);
  }
  return response;
}

// A session on the daemon at `address`: it ends with this program.
RemoteSession Begin(const char* address, const char* name) {
  return Must(
      RemoteSession::Create(Must(Host::Connect(address, {.name = name}))));
}

RemoteOperation StartSend(const Host& host, const char* actor,
                          const SocketRef& socket) {
  v1::SendRequest request;
  request.set_socket(socket.name());
  request.mutable_pattern()->set_seed(1);
  request.set_length(kLength);
  request.set_all(true);
  return Must(host.Actor(actor).Start(request));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "Usage: deadlock LEFT_DAEMON RIGHT_DAEMON RIGHT_IP\n";
    return 2;
  }
  const RemoteSession left = Begin(argv[1], "left");
  const RemoteSession right = Begin(argv[2], "right");

  RemoteSocket listener = Must(right.host().OpenSocket());
  const auto bound = MustReturn(listener.Bind(argv[3] + std::string(":0")));
  MustReturn(listener.Listen());
  RemoteSocket a = Must(left.host().OpenSocket());
  MustReturn(a.Connect(bound.local_address()));
  RemoteSocket b = Must(right.host().AcceptSocket(listener));

  // Both send, and nobody reads.
  const RemoteOperation anna = StartSend(left.host(), "anna", a);
  const RemoteOperation bert = StartSend(right.host(), "bert", b);
  Must(anna.WaitBlocked(absl::Seconds(30)));
  Must(bert.WaitBlocked(absl::Seconds(30)));
  std::cout
      << Must(standoff::client::Why({left.host(), right.host()})).sentence()
      << "\n";

  // A way out: a second thread, which reads.
  v1::ReceiveRequest request;
  request.set_socket(a.name());
  request.mutable_verify()->set_seed(1);
  request.set_length(kLength);
  request.set_all(true);
  const RemoteOperation reading =
      Must(left.host().Actor("reader").Start(request));
  const auto received =
      MustReturn(reading.AwaitReply<v1::ReceiveResponse>(absl::Seconds(60)));
  std::cout << "bert's " << received.bytes_received()
            << " bytes went through\n";
}

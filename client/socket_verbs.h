// The verbs of a socket on a remote host, written once for both ways of making
// a call.

#ifndef STANDOFF_CLIENT_SOCKET_VERBS_H_
#define STANDOFF_CLIENT_SOCKET_VERBS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/call.h"
#include "client/connection.h"
#include "client/result.h"
#include "client/rpc.h"

namespace standoff::client {

// A socket by its host and name. `Result` is absl::StatusOr, and a verb returns
// when its call has ended, or Call, and it returns at once.
//
// A status that is not OK is the harness': a socket that is not open
// (NotFound), a malformed request (InvalidArgument, naming the field), a limit
// of the daemon (ResourceExhausted), a daemon that can't be reached
// (Unavailable). What the kernel said, errors included, is in the reply's
// `outcome()`.
//
// Copyable; a copy means the same socket, and none of them owns it:
// RemoteSocket does. Thread-safe: several calls on one socket may be under way
// at once, as on a descriptor that threads share.
template <template <typename> class Result>
class SocketVerbs {
 public:
  SocketVerbs(std::shared_ptr<const Connection> connection, std::string name)
      : connection_(std::move(connection)), name_(std::move(name)) {}

  // The socket's name on its host.
  const std::string& name() const { return name_; }

  // The general form of all verbs: makes the call that `request` stands for on
  // this socket, whatever its field `socket` says.
  //
  //   v1::SendRequest request;
  //   request.set_data("urgent");
  //   request.add_flags(v1::MESSAGE_FLAG_OOB);
  //   socket.Run(request);
  template <SocketRequest Message>
  Result<ResponseTo<Message>> Run(Message request,
                                  const CallOptions& options = {}) const {
    request.set_socket(name_);
    return Deliver<Result>(connection_->Start(request, options));
  }

  // The verbs follow in their common forms. An address as a text is one of
  // client/address.h; a malformed one is InvalidArgument.

  // A second socket of this one, with `name` or one that the daemon gives.
  // Nobody owns it yet: hand its name to Host::Adopt().
  Result<v1::DuplicateResponse> Duplicate(
      absl::string_view name = "", const CallOptions& options = {}) const;

  Result<v1::BindResponse> Bind(const v1::Address& address,
                                const CallOptions& options = {}) const;
  Result<v1::BindResponse> Bind(absl::string_view address,
                                const CallOptions& options = {}) const;

  // `backlog` is the limit of the accept queue, the daemon's default if unset.
  Result<v1::ListenResponse> Listen(std::optional<int32_t> backlog = {},
                                    const CallOptions& options = {}) const;

  Result<v1::ConnectResponse> Connect(const v1::Address& address,
                                      const CallOptions& options = {}) const;
  Result<v1::ConnectResponse> Connect(absl::string_view address,
                                      const CallOptions& options = {}) const;

  // The new socket is blocking and bears `name`, or one that the daemon gives.
  // Nobody owns it yet: hand its name to Host::Adopt().
  Result<v1::AcceptResponse> Accept(absl::string_view name = "",
                                    const CallOptions& options = {}) const;

  // One system call, which may send less than all.
  Result<v1::SendResponse> Send(absl::string_view data,
                                const CallOptions& options = {}) const;
  // Goes on until all is sent, within one timeout of the socket.
  Result<v1::SendResponse> SendAll(absl::string_view data,
                                   const CallOptions& options = {}) const;
  // The same with `length` bytes of a pattern, made on the host.
  Result<v1::SendResponse> SendAll(const v1::Pattern& pattern, int64_t length,
                                   const CallOptions& options = {}) const;
  // One datagram to `destination`.
  Result<v1::SendResponse> SendTo(const v1::Address& destination,
                                  absl::string_view data,
                                  const CallOptions& options = {}) const;

  // At most `length` bytes, in one system call.
  Result<v1::ReceiveResponse> Receive(int64_t length,
                                      const CallOptions& options = {}) const;
  // Goes on until `length` bytes were received or the stream ended, within one
  // timeout of the socket.
  Result<v1::ReceiveResponse> ReceiveAll(int64_t length,
                                         const CallOptions& options = {}) const;
  // The same; the host compares what it receives with `length` bytes of a
  // pattern instead of returning it.
  Result<v1::ReceiveResponse> VerifyAll(const v1::Pattern& pattern,
                                        int64_t length,
                                        const CallOptions& options = {}) const;

  // The messages, with one system call (sendmmsg(2)).
  Result<v1::SendBatchResponse> SendBatch(
      absl::Span<const absl::string_view> messages,
      const CallOptions& options = {}) const;
  // At most `count` messages of at most `length` bytes each, with one system
  // call (recvmmsg(2)): on a blocking socket, it waits for all of them.
  Result<v1::ReceiveBatchResponse> ReceiveBatch(
      int32_t count, int64_t length, const CallOptions& options = {}) const;

  Result<v1::ShutdownResponse> Shutdown(v1::ShutdownDirection direction,
                                        const CallOptions& options = {}) const;
  // Calls that wait on the socket are cancelled first.
  Result<v1::CloseResponse> Close(const CallOptions& options = {}) const;

  Result<v1::SetBlockingResponse> SetBlocking(
      bool blocking, const CallOptions& options = {}) const;
  // In seconds; 0 is non-blocking, none is blocking.
  Result<v1::SetTimeoutResponse> SetTimeout(
      std::optional<double> seconds, const CallOptions& options = {}) const;

  // An option by its name in the man pages: "SO_RCVBUF".
  Result<v1::SetOptionResponse> SetOption(
      absl::string_view option, int64_t value,
      const CallOptions& options = {}) const;
  Result<v1::GetOptionResponse> GetOption(
      absl::string_view option, const CallOptions& options = {}) const;

  // Questions to the kernel: getsockname(2), getpeername(2), SIOCINQ, SIOCOUTQ,
  // SIOCATMARK.
  Result<v1::GetLocalAddressResponse> GetLocalAddress(
      const CallOptions& options = {}) const;
  Result<v1::GetPeerAddressResponse> GetPeerAddress(
      const CallOptions& options = {}) const;
  Result<v1::GetReceiveQueueResponse> GetReceiveQueue(
      const CallOptions& options = {}) const;
  Result<v1::GetSendQueueResponse> GetSendQueue(
      const CallOptions& options = {}) const;
  Result<v1::IsAtMarkResponse> IsAtMark(const CallOptions& options = {}) const;

  Result<v1::DescribeResponse> Describe(const CallOptions& options = {}) const;

 protected:
  const std::shared_ptr<const Connection>& connection() const {
    return connection_;
  }

 private:
  std::shared_ptr<const Connection> connection_;
  std::string name_;
};

// Defined in socket_verbs.cc.
extern template class SocketVerbs<absl::StatusOr>;
extern template class SocketVerbs<Call>;

// A socket that somebody else owns, with blocking and with asynchronous verbs.
using SocketRef = SocketVerbs<absl::StatusOr>;
using AsyncSocket = SocketVerbs<Call>;

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_SOCKET_VERBS_H_

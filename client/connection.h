// The control channel to one daemon. For implementing Host and what it hands
// out.

#ifndef STANDOFF_CLIENT_CONNECTION_H_
#define STANDOFF_CLIENT_CONNECTION_H_

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/call.h"
#include "client/connect_options.h"
#include "client/reply.h"
#include "client/rpc.h"

namespace standoff::client {

// A channel and what goes with every call. Thread-safe.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Makes a channel; nothing is sent yet. InvalidArgument for an address that
  // is neither HOST:PORT nor unix:PATH, for TLS options that don't go together
  // and for files that are no PEM; NotFound for one that can't be read.
  static absl::StatusOr<std::shared_ptr<const Connection>> Open(
      absl::string_view address, const ConnectOptions& options);

  // The same channel, for calls in another session. InvalidArgument for a
  // session that no header can hold.
  absl::StatusOr<std::shared_ptr<const Connection>> InSession(
      absl::string_view session) const;

  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }
  // Empty for the session `default`.
  const std::string& session() const { return session_; }

  // For streams, which no Call stands for: the channel, and what goes with
  // every call.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  void AddHeaders(grpc::ClientContext* context) const;

  // Starts the RPC that `request` belongs to.
  template <Request Message>
  Call<ResponseTo<Message>> Start(const Message& request,
                                  const CallOptions& options) const {
    using Service = typename Rpc<Message>::Service;
    return Call<ResponseTo<Message>>::Begin(
        absl::StrCat(name_, ": ", RpcName<Message>()), options,
        shared_from_this(),
        [&](grpc::ClientContext* context, Reply<ResponseTo<Message>>* reply,
            std::function<void(grpc::Status)> callback) {
          AddHeaders(context);
          ReplyStub<Message, ResponseTo<Message>>(channel_).UnaryCall(
              context, MethodPath<Service>(RpcName<Message>()), {}, &request,
              reply, std::move(callback));
        });
  }

 private:
  Connection(std::string name, std::string address, std::string session,
             std::shared_ptr<grpc::Channel> channel);

  const std::string name_;
  const std::string address_;
  const std::string session_;
  const std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CONNECTION_H_

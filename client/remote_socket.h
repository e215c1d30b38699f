// A socket on another host, owned.

#ifndef STANDOFF_CLIENT_REMOTE_SOCKET_H_
#define STANDOFF_CLIENT_REMOTE_SOCKET_H_

#include <memory>
#include <string>
#include <utility>

#include "client/call.h"
#include "client/connection.h"
#include "client/socket_verbs.h"

namespace standoff::client {

// Owns a socket on a daemon's host, as a file stream owns its descriptor: it is
// closed when the object is destroyed, and whatever waits on it there is
// cancelled. The verbs are those of SocketVerbs; they are blocking, and
// Async() has the same ones as calls to be waited for later:
//
//   absl::StatusOr<RemoteSocket> socket = host.OpenSocket();
//   socket->Connect("10.83.0.2:7000");
//   auto reply = socket->Async().Receive(100);
//   socket->Send("hello");
//   reply.Get();
//
// To leave a socket open, Release() it. Move-only. The verbs are thread-safe;
// moving, Close() and Release() are not.
class RemoteSocket : public SocketRef {
 public:
  // Takes over the socket `name`; see Host::Adopt().
  RemoteSocket(std::shared_ptr<const Connection> connection, std::string name)
      : SocketRef(std::move(connection), std::move(name)) {}

  RemoteSocket(RemoteSocket&& other) noexcept;
  RemoteSocket& operator=(RemoteSocket&& other) noexcept;

  // Closes the socket and waits for that, but no longer than kCloseDeadline,
  // since a close may linger and a host may be gone. Errors are ignored: who
  // needs the outcome calls Close().
  ~RemoteSocket();

  static constexpr absl::Duration kCloseDeadline = absl::Seconds(5);

  // The same socket, with verbs that return a Call at once. The Async() of a
  // socket may outlive this object, which then has closed it.
  AsyncSocket Async() const { return AsyncSocket(connection(), name()); }

  // Closes the socket. Whatever comes of it, the destructor does not try again,
  // unless the status leaves open whether the daemon did it (Unavailable,
  // Cancelled, DeadlineExceeded).
  absl::StatusOr<v1::CloseResponse> Close(const CallOptions& options = {});

  // Gives up ownership, and returns the name.
  std::string Release();

 private:
  void CloseIfOwned();

  bool owned_ = true;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_REMOTE_SOCKET_H_

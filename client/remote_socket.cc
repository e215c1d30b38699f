#include "client/remote_socket.h"

#include "absl/status/status.h"

namespace standoff::client {

RemoteSocket::RemoteSocket(RemoteSocket&& other) noexcept
    : SocketRef(std::move(other)), owned_(std::exchange(other.owned_, false)) {}

RemoteSocket& RemoteSocket::operator=(RemoteSocket&& other) noexcept {
  if (this != &other) {
    CloseIfOwned();
    SocketRef::operator=(std::move(other));
    owned_ = std::exchange(other.owned_, false);
  }
  return *this;
}

RemoteSocket::~RemoteSocket() { CloseIfOwned(); }

absl::StatusOr<v1::CloseResponse> RemoteSocket::Close(
    const CallOptions& options) {
  absl::StatusOr<v1::CloseResponse> response = SocketRef::Close(options);
  owned_ = owned_ && (absl::IsUnavailable(response.status()) ||
                      absl::IsCancelled(response.status()) ||
                      absl::IsDeadlineExceeded(response.status()));
  return response;
}

std::string RemoteSocket::Release() {
  owned_ = false;
  return name();
}

void RemoteSocket::CloseIfOwned() {
  if (!std::exchange(owned_, false)) return;
  SocketRef::Close({.deadline = kCloseDeadline}).IgnoreError();
}

}  // namespace standoff::client

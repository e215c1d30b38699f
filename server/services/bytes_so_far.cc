#include "server/services/bytes_so_far.h"

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/inspection.h"
#include "lib/interruption.h"
#include "server/actions/on_socket.h"

namespace standoff {
namespace {

// How many bytes a receive took that waits for all of them (MSG_WAITALL) in its
// system call; nullopt if somebody else may have taken some, too.
std::optional<uint64_t> BytesTakenBy(const Operation& operation,
                                     const std::string& name,
                                     SocketTable& sockets) {
  const std::optional<uint64_t> start = operation.progress().taken_at_start();
  if (!start.has_value()) return std::nullopt;
  const absl::StatusOr<std::shared_ptr<OpenSocket>> found = sockets.Find(name);
  if (!found.ok()) return std::nullopt;
  OpenSocket& socket = **found;
  {
    const auto mode = socket.HoldMode();
    if (socket.SharesMode() || socket.WasPassed()) return std::nullopt;
  }
  Interruption unused;
  const SocketCall look(socket, &unused);
  if (!look.entered()) return std::nullopt;
  const std::optional<uint64_t> now = BytesTaken(socket.socket());
  if (!now.has_value() || *now < *start || !socket.IsAlone(operation.id())) {
    return std::nullopt;
  }
  return *now - *start;
}

}  // namespace

std::optional<uint64_t> BytesSoFar(const Operation& operation,
                                   const v1::Action& action,
                                   SocketTable& sockets) {
  if (action.receive().all() || action.send().all()) {
    return operation.progress().moved();
  }
  if (!action.has_receive()) return std::nullopt;
  return BytesTakenBy(operation, action.receive().socket(), sockets);
}

}  // namespace standoff

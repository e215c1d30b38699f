#include "server/processes/socket_timeouts.h"

#include <algorithm>

#include "lib/inspection.h"
#include "lib/socket.h"
#include "server/convert/description.h"

namespace standoff {
namespace {

// Whether a timeout can end a poll: TCP_USER_TIMEOUT counts while something is
// unacknowledged.
bool CanEndPoll(const v1::SocketDescription& socket) {
  return socket.has_tcp_info() &&
         (socket.send_queue() > 0 ||
          socket.tcp_info().state() == v1::TCP_STATE_SYN_SENT);
}

}  // namespace

SocketTimeouts::SocketTimeouts(v1::SnapshotResponse& response) {
  for (v1::ProcessSocket& socket : *response.mutable_process_sockets()) {
    sockets_.emplace(socket.socket().inode(), socket.mutable_socket());
  }
}

void SocketTimeouts::Add(v1::Process& process,
                         const std::vector<int>& descriptors) {
  for (v1::ProcessThread& thread : *process.mutable_threads()) {
    // What ends anyway need not be known better.
    if (thread.waits_for_more() || thread.has_timeout()) continue;
    const bool known =
        std::all_of(thread.waits().begin(), thread.waits().end(),
                    [&](const v1::ThreadWait& wait) {
                      return AddOf(process, descriptors, thread, wait);
                    });
    thread.set_waits_for_more(!known);
  }
}

bool SocketTimeouts::AddOf(const v1::Process& process,
                           const std::vector<int>& descriptors,
                           const v1::ProcessThread& thread,
                           const v1::ThreadWait& wait) {
  const auto found = sockets_.find(wait.inode());
  // Of a socket of which nothing is known, nothing is concluded.
  if (found == sockets_.end()) return true;
  v1::SocketDescription& description = *found->second;
  if (thread.polls() && !CanEndPoll(description)) return true;
  if (known_.contains(wait.inode())) return true;
  const auto position = std::find(process.sockets().begin(),
                                  process.sockets().end(), wait.inode());
  if (position == process.sockets().end() || reads_left_ == 0) return false;
  --reads_left_;
  const auto index = static_cast<size_t>(position - process.sockets().begin());
  const Result<Socket> socket =
      Socket::FromProcess(process.pid(), descriptors[index]);
  // Another one may have come in the place of the process or the socket.
  if (!socket.outcome.ok() || Inode(socket.value) != wait.inode()) return false;
  TimeoutsToProto(socket.value, description);
  known_.insert(wait.inode());
  return true;
}

}  // namespace standoff

#include "server/processes/socket_settings.h"

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

// Whether a setting can keep a poll waiting: SO_RCVLOWAT counts while something
// is unread, and TCP_DEFER_ACCEPT and SO_REUSEPORT are a listener's.
bool CanProlongPoll(const v1::SocketDescription& socket) {
  return socket.receive_queue() > 0 || socket.listening();
}

}  // namespace

SocketSettings::SocketSettings(v1::SnapshotResponse& response) {
  for (v1::ProcessSocket& socket : *response.mutable_process_sockets()) {
    sockets_.emplace(socket.socket().inode(), socket.mutable_socket());
  }
}

void SocketSettings::Add(v1::Process& process,
                         const std::vector<SocketDescriptor>& descriptors) {
  for (v1::ProcessThread& thread : *process.mutable_threads()) {
    for (const v1::ThreadWait& wait : thread.waits()) {
      // What ends anyway need not be known better.
      if (!AddOf(descriptors, thread, wait) && !thread.has_timeout()) {
        thread.set_timeouts_unknown(true);
      }
    }
  }
}

bool SocketSettings::AddOf(const std::vector<SocketDescriptor>& descriptors,
                           const v1::ProcessThread& thread,
                           const v1::ThreadWait& wait) {
  const auto found = sockets_.find(wait.inode());
  // Of a socket of which nothing is known, nothing is concluded.
  if (found == sockets_.end()) return true;
  v1::SocketDescription& description = *found->second;
  const bool may_end = !thread.polls() || CanEndPoll(description);
  if (!may_end && !CanProlongPoll(description)) return true;
  if (known_.contains(wait.inode())) return true;
  const auto descriptor = std::find_if(descriptors.begin(), descriptors.end(),
                                       [&](const SocketDescriptor& candidate) {
                                         return candidate.inode == wait.inode();
                                       });
  if (descriptor == descriptors.end() || reads_left_ == 0) return !may_end;
  --reads_left_;
  const Result<Socket> socket =
      Socket::FromProcess(descriptor->thread, descriptor->fd);
  // Another one may have come in the place of the process or the socket.
  if (!socket.outcome.ok() || Inode(socket.value) != wait.inode()) {
    return !may_end;
  }
  SettingsToProto(socket.value, description);
  known_.insert(wait.inode());
  return true;
}

}  // namespace standoff

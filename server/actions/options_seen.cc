#include "server/actions/options_seen.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>

#include "lib/inspection.h"

namespace standoff {
namespace {

// Of any socket of this process.
std::atomic<bool> low_water_was_set = false;
std::atomic<bool> fast_open_connect_was_set = false;

}  // namespace

void SeeOption(int level, int number) {
  if (level == SOL_SOCKET && number == SO_RCVLOWAT) low_water_was_set = true;
  if (level == IPPROTO_TCP && number == TCP_FASTOPEN_CONNECT) {
    fast_open_connect_was_set = true;
  }
}

bool MayWaitForMore(const Socket& socket) {
  return low_water_was_set && ReceiveLowWater(socket) > 1;
}

bool ConnectsFirst(const Socket& socket) {
  return fast_open_connect_was_set && socket.type() == SOCK_STREAM &&
         !socket.PeerAddress().ok();
}

}  // namespace standoff

#include "tests/testing/copy_both_ways.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cstddef>

namespace standoff::client {
namespace {

// Passes on what there is. False at the end.
bool Copy(int from, int to) {
  std::array<char, 65'536> buffer;
  const ssize_t received = recv(from, buffer.data(), buffer.size(), 0);
  if (received <= 0) return false;
  for (ssize_t sent = 0; sent < received;) {
    const ssize_t count =
        send(to, buffer.data() + sent, static_cast<size_t>(received - sent),
             MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += count;
  }
  return true;
}

}  // namespace

void CopyBothWays(int a, int b) {
  std::array<pollfd, 2> ends = {pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
  bool going_on = true;
  while (going_on && poll(ends.data(), ends.size(), -1) > 0) {
    if (ends[0].revents != 0) going_on = Copy(a, b);
    if (going_on && ends[1].revents != 0) going_on = Copy(b, a);
  }
}

}  // namespace standoff::client

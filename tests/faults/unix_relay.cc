// A way into another network namespace: a path leads there.
//
//   unix_relay PATH HOST:PORT
//
// Listens on the Unix socket PATH, prints "ready", and passes on what comes to
// HOST:PORT, and what comes back.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "client/lab/file_descriptor.h"
#include "tests/faults/raw_connection.h"

namespace standoff::client {
namespace {

// False at the end of either side.
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

void CopyBothWays(const FileDescriptor& a, const FileDescriptor& b) {
  std::array<pollfd, 2> ends = {pollfd{a.get(), POLLIN, 0},
                                pollfd{b.get(), POLLIN, 0}};
  bool going_on = true;
  while (going_on && poll(ends.data(), ends.size(), -1) > 0) {
    if (ends[0].revents != 0) going_on = Copy(a.get(), b.get());
    if (going_on && ends[1].revents != 0) going_on = Copy(b.get(), a.get());
  }
}

int Run(const std::string& path, const std::string& address) {
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof(name.sun_path)) return 2;
  std::memcpy(name.sun_path, path.c_str(), path.size());
  const FileDescriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&name),
           sizeof(name)) != 0 ||
      listen(listener.get(), 16) != 0) {
    perror("unix_relay");
    return 1;
  }
  std::cout << "ready" << std::endl;
  for (;;) {
    FileDescriptor client(
        accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) return 1;
    std::thread([a = std::move(client), b = ConnectTcp(address)] {
      CopyBothWays(a, b);
    }).detach();
  }
}

}  // namespace
}  // namespace standoff::client

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return standoff::client::Run(argv[1], argv[2]);
}

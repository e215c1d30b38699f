// A way into another network namespace: a path leads there.
//
//   unix_relay PATH HOST:PORT
//
// Listens on the Unix socket PATH, prints "ready", and passes on what comes to
// HOST:PORT, and what comes back.

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "client/lab/file_descriptor.h"
#include "tests/faults/raw_connection.h"
#include "tests/testing/copy_both_ways.h"

namespace standoff::client {
namespace {

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
      CopyBothWays(a.get(), b.get());
    }).detach();
  }
}

}  // namespace
}  // namespace standoff::client

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return standoff::client::Run(argv[1], argv[2]);
}

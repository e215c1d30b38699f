#include "tests/faults/raw_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace standoff::client {

FileDescriptor ConnectTcp(const std::string& address) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(address, ':');
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  int port = 0;
  if (inet_pton(AF_INET, parts.first.c_str(), &to.sin_addr) != 1 ||
      !absl::SimpleAtoi(parts.second, &port)) {
    std::abort();
  }
  to.sin_port = htons(static_cast<uint16_t>(port));
  FileDescriptor connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.valid() ||
      connect(connection.get(), reinterpret_cast<const sockaddr*>(&to),
              sizeof(to)) != 0) {
    perror("connect");
    std::abort();
  }
  return connection;
}

}  // namespace standoff::client

#include "bench/loopback_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

namespace standoff::bench {
namespace {

void MustSucceed(bool succeeded, const char* what) {
  if (succeeded) return;
  perror(what);
  std::abort();
}

}  // namespace

LoopbackListener::LoopbackListener()
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  MustSucceed(bind(socket_.get(), any, size) == 0, "bind");
  MustSucceed(listen(socket_.get(), 16) == 0, "listen");
  MustSucceed(getsockname(socket_.get(), any, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
}

client::FileDescriptor LoopbackListener::Accept() const {
  client::FileDescriptor accepted(
      accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const int on = 1;
  MustSucceed(setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on,
                         sizeof(on)) == 0,
              "accept4");
  return accepted;
}

}  // namespace standoff::bench

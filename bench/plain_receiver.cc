// What a blocked receive is compared with: connects to a port of the loopback
// and receives bytes on a thread, until the end. Prints when each came, in
// nanoseconds of CLOCK_MONOTONIC.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

namespace standoff::bench {
namespace {

int64_t MonotonicNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void Receive(int fd) {
  char byte;
  while (recv(fd, &byte, 1, 0) == 1) {
    const int64_t now_ns = MonotonicNs();
    printf("%" PRId64 "\n", now_ns);
    fflush(stdout);
  }
}

int Main(int argc, char** argv) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port =
      htons(static_cast<uint16_t>(argc == 2 ? atoi(argv[1]) : 0));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    perror("connect");
    return 1;
  }
  std::thread(Receive, fd).join();
  return 0;
}

}  // namespace
}  // namespace standoff::bench

int main(int argc, char** argv) { return standoff::bench::Main(argc, argv); }

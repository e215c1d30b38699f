// What an actor's program is compared with: sends and receives a byte on a pair
// of Unix sockets, so many times, and prints how many seconds that took.

#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace standoff::bench {
namespace {

int Main(int argc, char** argv) {
  const long pairs = argc == 2 ? atol(argv[1]) : 0;
  int sockets[2];
  if (pairs <= 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return 1;
  char byte = 'x';
  const absl::Time start = absl::Now();
  for (long i = 0; i < pairs; ++i) {
    if (send(sockets[0], &byte, 1, MSG_NOSIGNAL) != 1) return 1;
    if (recv(sockets[1], &byte, 1, MSG_NOSIGNAL) != 1) return 1;
  }
  printf("%.9f\n", absl::ToDoubleSeconds(absl::Now() - start));
  return 0;
}

}  // namespace
}  // namespace standoff::bench

int main(int argc, char** argv) { return standoff::bench::Main(argc, argv); }

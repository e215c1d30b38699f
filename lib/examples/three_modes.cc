// What a receive says in each of a socket's three modes, when there is nothing
// to receive.

#include <sys/socket.h>

#include <array>
#include <iostream>
#include <thread>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/transfer.h"

int main() {
  auto pair = standoff::Socket::OpenPair(AF_UNIX, SOCK_STREAM);
  if (!pair.ok()) {
    std::cerr << pair.outcome << "\n";
    return 1;
  }
  standoff::Socket& socket = pair.value.first;
  std::array<char, 100> buffer;
  const auto receive = [&](standoff::Interruption* interruption) {
    return standoff::Receive(socket, absl::MakeSpan(buffer), {}, interruption)
        .outcome;
  };

  socket.SetBlocking(false);
  std::cout << receive(nullptr) << "\n";

  socket.SetTimeout(absl::Milliseconds(500));
  std::cout << receive(nullptr) << "\n";

  // This one would wait for ever.
  socket.SetBlocking(true);
  standoff::Interruption interruption;
  std::thread receiver([&] {
    const standoff::Outcome outcome = receive(&interruption);
    std::cout << standoff::EndingName(outcome.ending) << "\n";
  });
  interruption.Interrupt();
  receiver.join();
}

#include "client/cli/exit_on_interrupt.h"

#include <pthread.h>
#include <signal.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "client/cli/command.h"

namespace standoff::client {

void ExitOnInterrupt(std::mutex& output) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, &output] {
    int signal = 0;
    sigwait(&signals, &signal);
    // Not released: nobody writes any more. Calls that wait are ended by the
    // end of the process, and static objects that they use stay.
    output.lock();
    std::cout.flush();
    std::_Exit(kSuccess);
  }).detach();
}

}  // namespace standoff::client

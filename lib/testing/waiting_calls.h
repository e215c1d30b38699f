// Every call of the library that may wait, in every mode and over every kind
// of socket in which it does, made to wait for longer than any test.

#ifndef STANDOFF_LIB_TESTING_WAITING_CALLS_H_
#define STANDOFF_LIB_TESTING_WAITING_CALLS_H_

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "lib/interruption.h"
#include "lib/outcome.h"

namespace standoff {

struct WaitingCall {
  // "ReceiveBlockingTcp4".
  std::string name;
  // The system call that it is asleep in: SYS_….
  int64_t syscall;
  // Makes sockets of its own and gives the call.
  std::function<std::function<Outcome(Interruption*)>()> prepare;
  // Whether the kernel is called, and does what it should, even if it is not
  // allowed to wait.
  bool is_close = false;
};

std::ostream& operator<<(std::ostream& stream, const WaitingCall& call);

std::vector<WaitingCall> WaitingCalls();

}  // namespace standoff

#endif  // STANDOFF_LIB_TESTING_WAITING_CALLS_H_

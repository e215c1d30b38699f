// Commands that go on until the user has seen enough.

#ifndef STANDOFF_CLIENT_CLI_EXIT_ON_INTERRUPT_H_
#define STANDOFF_CLIENT_CLI_EXIT_ON_INTERRUPT_H_

#include <mutex>

namespace standoff::client {

// From now on SIGINT and SIGTERM end the process with status 0, but not while
// `output` is held, so that what is written is whole. To be called before other
// threads are started: they inherit that these signals are blocked. `output`
// must live as long as the process.
void ExitOnInterrupt(std::mutex& output);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_EXIT_ON_INTERRUPT_H_

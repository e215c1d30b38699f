// A network of its own for what is to be tested.

#ifndef STANDOFF_TESTS_FUZZ_NETWORK_NAMESPACE_H_
#define STANDOFF_TESTS_FUZZ_NETWORK_NAMESPACE_H_

#include "absl/status/status.h"

namespace standoff {

// Moves this process into a new network namespace that has a loopback and
// nothing else. To be called before any thread is started. The error says which
// system call failed.
absl::Status EnterNetworkNamespace();

}  // namespace standoff

#endif  // STANDOFF_TESTS_FUZZ_NETWORK_NAMESPACE_H_

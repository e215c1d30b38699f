// Requests that reach nothing outside of a network namespace.

#ifndef STANDOFF_TESTS_FUZZ_SHUT_IN_H_
#define STANDOFF_TESTS_FUZZ_SHUT_IN_H_

#include <google/protobuf/message.h>

namespace standoff {

// Changes what a network namespace does not shut in: paths of Unix sockets
// become abstract names, other families Internet addresses. Returns whether
// there was any.
bool ShutIn(google::protobuf::Message& message);

}  // namespace standoff

#endif  // STANDOFF_TESTS_FUZZ_SHUT_IN_H_

// What relays between two connected sockets do.

#ifndef STANDOFF_TESTS_TESTING_COPY_BOTH_WAYS_H_
#define STANDOFF_TESTS_TESTING_COPY_BOTH_WAYS_H_

namespace standoff::client {

// Passes on what either stream socket receives to the other, until one of them
// has ended or failed. Closes neither.
void CopyBothWays(int a, int b);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_COPY_BOTH_WAYS_H_

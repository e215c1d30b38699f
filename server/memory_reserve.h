// Address space that is kept for what gRPC, Protocol Buffers and Abseil need
// when there is no more (RLIMIT_AS): they end the program that has none.

#ifndef STANDOFF_SERVER_MEMORY_RESERVE_H_
#define STANDOFF_SERVER_MEMORY_RESERVE_H_

#include <cstddef>

#include "absl/status/status.h"

namespace standoff {

// From now on, so many bytes of address space are kept, or a quarter of what
// RLIMIT_AS leaves if that is less: no memory, and nothing that can be read or
// written. Whoever in this program asks malloc(3), new, a thread's stack or
// syscall(2) for memory and gets none has it at the cost of these; but not
// `new (std::nothrow)`, which is for what can go without. Where a sanitizer has
// its own malloc(3), it does nothing.
void KeepMemoryReserve(size_t bytes);

// Whether so much can be mapped as it is.
bool CanMap(size_t bytes);

// Gives up enough of it for `bytes` to be mapped. False if nothing is left.
// Thread-safe; allocates nothing.
bool LendMemory(size_t bytes);

// ResourceExhausted while memory is short: so much is lent that nothing new may
// begin. Each look first takes back what can be had.
absl::Status CheckMemory();

// Sleeps until memory becomes short or EndMemoryWait() is called. One thread
// may; it does not miss what came before.
void WaitUntilMemoryIsShort();
void EndMemoryWait();

}  // namespace standoff

#endif  // STANDOFF_SERVER_MEMORY_RESERVE_H_

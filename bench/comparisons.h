// What is compared. Each starts its own daemons and reference programs, and
// has ended them when it returns.

#ifndef STANDOFF_BENCH_COMPARISONS_H_
#define STANDOFF_BENCH_COMPARISONS_H_

#include <vector>

#include "bench/compare.h"
#include "bench/rows.h"

namespace standoff::bench {

// Calls that send and receive a byte and don't wait, beside a bare echo's: of
// one caller, and of 16 at once.
std::vector<Row> CompareOneCaller(const Settings& settings);
std::vector<Row> CompareManyCallers(const Settings& settings);

// The same actions in an Execute stream, beside a stream of a bare echo.
std::vector<Row> CompareExecute(const Settings& settings);

// The same actions as a program of an actor, beside a loop in C++.
std::vector<Row> CompareProgram(const Settings& settings);

// A blocking receive with data ready, beside a non-blocking one.
std::vector<Row> CompareReadyReceive(const Settings& settings);

// From a peer's send to the end of the blocked receive, beside a thread in
// recv.
std::vector<Row> CompareWakeUp(const Settings& settings);

// A pattern from one daemon to another, beside iperf3.
std::vector<Row> CompareBulk(const Settings& settings);

// A MiB carried over the control channel to a socket and from its peer, beside
// a bare echo of it.
std::vector<Row> CompareLargeMessage(const Settings& settings);

// By how much a timeout is overshot, beside CPython.
std::vector<Row> CompareTimeouts(const Settings& settings);

// The daemon itself, beside a bare echo's: its start, memory and size.
std::vector<Row> CompareFootprint(const Settings& settings);

// What the programs `size` and `python` of this folder measure.
std::vector<Row> RunSize(const Settings& settings);
std::vector<Row> RunPython(const Settings& settings);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_COMPARISONS_H_

// The daemon to measure.

#ifndef STANDOFF_BENCH_FIND_DAEMON_H_
#define STANDOFF_BENCH_FIND_DAEMON_H_

#include <filesystem>
#include <string>

namespace standoff::bench {

// This program's path.
std::filesystem::path Self();

// standoffd beside this program, where Bazel puts it; else by its name.
std::string FindDaemon();

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_FIND_DAEMON_H_

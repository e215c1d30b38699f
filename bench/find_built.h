// What was built with this program.

#ifndef STANDOFF_BENCH_FIND_BUILT_H_
#define STANDOFF_BENCH_FIND_BUILT_H_

#include <filesystem>
#include <string>

namespace standoff::bench {

// This program's path.
std::filesystem::path Self();

// A file of the tree by its path there, "server/standoffd": where Bazel puts
// it for this program or for the test that runs it. Empty if it is not there.
std::string FindBuilt(const std::string& path);

// The daemon to measure: standoffd as above; else its name.
std::string FindDaemon();

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_FIND_BUILT_H_

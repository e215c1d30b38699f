// The daemon's flags.

#ifndef STANDOFF_SERVER_FLAGS_H_
#define STANDOFF_SERVER_FLAGS_H_

#include <optional>
#include <string>

#include "server/daemon.h"

namespace standoff {

struct Flags {
  DaemonOptions daemon;
  // trace, debug, info, warning, error or off.
  std::string log_level = "info";
};

// Reads the command line into `flags`. Else prints the help, the version or
// what is wrong, and returns the exit status: 0, or 2 for a wrong usage.
std::optional<int> ParseFlags(int argc, char** argv, Flags& flags);

}  // namespace standoff

#endif  // STANDOFF_SERVER_FLAGS_H_

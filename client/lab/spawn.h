// posix_spawn(3) with the settings that Process wants. A program that uses gRPC
// has threads, and must not fork without an exec.

#ifndef STANDOFF_CLIENT_LAB_SPAWN_H_
#define STANDOFF_CLIENT_LAB_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace standoff::client {

// Starts `program` with `arguments` (the first is its name for itself) and
// `environment`, in a process group of its own, with the given descriptors as
// its standard ones and no others, and with default signals. Each of them must
// be above 2 or in its place already. Returns 0 and sets `*pid`, or an errno.
int Spawn(const std::string& program, const std::vector<std::string>& arguments,
          const std::vector<std::string>& environment, int standard_input,
          int standard_output, int standard_error, pid_t* pid);

// This process' environment, with `additions` ("NAME=VALUE") in place of the
// variables of those names.
std::vector<std::string> EnvironmentWith(
    const std::vector<std::string>& additions);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_SPAWN_H_

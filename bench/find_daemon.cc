#include "bench/find_daemon.h"

#include <unistd.h>

namespace standoff::bench {

std::filesystem::path Self() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

std::string FindDaemon() {
  const std::filesystem::path program = Self();
  const std::filesystem::path runfiles = program.string() + ".runfiles";
  for (const std::filesystem::path& candidate :
       {runfiles / "standoff/server/standoffd",
        program.parent_path() / "../server/standoffd"}) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return "standoffd";
}

}  // namespace standoff::bench

#include "bench/find_built.h"

#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace standoff::bench {

std::filesystem::path Self() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

std::string FindBuilt(const std::string& path) {
  const std::filesystem::path program = Self();
  const std::filesystem::path runfiles = program.string() + ".runfiles";
  std::vector<std::filesystem::path> candidates = {runfiles / "standoff" /
                                                   path};
  if (const char* of_test = getenv("TEST_SRCDIR"); of_test != nullptr) {
    candidates.push_back(std::filesystem::path(of_test) / "standoff" / path);
  }
  candidates.push_back(program.parent_path() / ".." / path);
  for (const std::filesystem::path& candidate : candidates) {
    if (access(candidate.c_str(), R_OK) == 0) return candidate.string();
  }
  return "";
}

std::string FindDaemon() {
  const std::string daemon = FindBuilt("server/standoffd");
  return daemon.empty() ? "standoffd" : daemon;
}

}  // namespace standoff::bench

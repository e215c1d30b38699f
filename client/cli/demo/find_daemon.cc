#include "client/cli/demo/find_daemon.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/lab/find_program.h"

namespace standoff::client {

absl::StatusOr<std::string> FindDaemon(const std::string& given) {
  if (!given.empty()) return FindProgram(given);
  std::error_code error;
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder = program.parent_path();
  const std::filesystem::path candidates[] = {
      folder / "standoffd",
      std::filesystem::path(program.string() + ".runfiles") /
          "standoff/server/standoffd",
      // From bazel-bin/client/cli.
      folder / "../../server/standoffd",
  };
  for (const std::filesystem::path& candidate : candidates) {
    if (access(candidate.c_str(), X_OK) == 0) {
      return candidate.lexically_normal().string();
    }
  }
  absl::StatusOr<std::string> found = FindProgram("standoffd");
  if (found.ok()) return found;
  return absl::NotFoundError(
      absl::StrCat("there is no standoffd beside ", program.string(),
                   " nor on the PATH; give it with --daemon PATH"));
}

}  // namespace standoff::client

#include "client/lab/find_program.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace standoff::client {

absl::StatusOr<std::string> FindProgram(absl::string_view name) {
  if (absl::StrContains(name, '/')) {
    std::string path(name);
    if (access(path.c_str(), X_OK) == 0) return path;
    return absl::NotFoundError(absl::StrCat("there is no program ", name));
  }
  const std::string folders = ProgramPath();
  for (absl::string_view folder : absl::StrSplit(folders, ':')) {
    std::string candidate = absl::StrCat(folder, "/", name);
    if (!folder.empty() && access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return absl::NotFoundError(
      absl::StrCat("there is no program ", name, " in ", folders));
}

std::string ProgramPath() {
  constexpr absl::string_view kSystem =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const char* path = std::getenv("PATH");
  return path == nullptr ? std::string(kSystem)
                         : absl::StrCat(path, ":", kSystem);
}

}  // namespace standoff::client

#include "server/processes/cgroups.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace standoff {
namespace {

constexpr size_t kFileSize = 16 * 1024;
// A host of many containers has many mounts.
constexpr size_t kMountsSize = 1024 * 1024;

// The folder of the group `path`, if it is below what is mounted.
std::optional<std::string> FolderOf(const CgroupMount& mount,
                                    const std::string& path) {
  absl::string_view below = path;
  // One that is outside of the daemon's own name space of groups.
  if (absl::StartsWith(path, "/..")) return std::nullopt;
  if (mount.root != "/") {
    if (!absl::ConsumePrefix(&below, mount.root)) return std::nullopt;
    if (!below.empty() && below[0] != '/') return std::nullopt;
  }
  return mount.folder + std::string(below);
}

}  // namespace

Cgroups::Cgroups() {
  const ProcFolder self("/proc/self");
  mounts_ = ParseCgroupMounts(self.Read("mountinfo", kMountsSize).value_or(""));
}

bool Cgroups::IsFrozen(const ProcFolder& process) {
  const CgroupFile groups =
      ParseCgroups(process.Read("cgroup", kFileSize).value_or(""));
  return (groups.unified.has_value() && IsFrozen(true, *groups.unified)) ||
         (groups.freezer.has_value() && IsFrozen(false, *groups.freezer));
}

bool Cgroups::IsFrozen(bool unified, const std::string& path) {
  const auto [entry, is_new] = known_.try_emplace({unified, path}, false);
  if (is_new) entry->second = ReadFrozen(unified, path);
  return entry->second;
}

bool Cgroups::ReadFrozen(bool unified, const std::string& path) const {
  for (const CgroupMount& mount : mounts_) {
    if (mount.unified != unified) continue;
    const std::optional<std::string> name = FolderOf(mount, path);
    if (!name.has_value()) continue;
    const ProcFolder folder(name->c_str());
    if (!folder.is_open()) continue;
    // FROZEN or FREEZING, or the line of version 2: both count what is done to
    // groups above, too. The root of all has neither.
    return unified ? absl::StrContains(
                         folder.Read("cgroup.events", kFileSize).value_or(""),
                         "frozen 1")
                   : absl::StartsWith(
                         folder.Read("freezer.state", kFileSize).value_or(""),
                         "FR");
  }
  return false;
}

}  // namespace standoff

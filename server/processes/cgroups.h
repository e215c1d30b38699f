// Control groups that are frozen (cgroups(7)).

#ifndef STANDOFF_SERVER_PROCESSES_CGROUPS_H_
#define STANDOFF_SERVER_PROCESSES_CGROUPS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"

namespace standoff {

// What is known of them at one moment: each is looked at once.
class Cgroups {
 public:
  // Finds out where they are mounted.
  Cgroups();

  // Whether the group of a process or thread is frozen or being frozen, or one
  // above it, by its folder, /proc/PID. False if that can't be told, as in a
  // container without a mount of the groups.
  bool IsFrozen(const ProcFolder& process);

 private:
  // By the version and the group's path.
  bool IsFrozen(bool unified, const std::string& path);
  bool ReadFrozen(bool unified, const std::string& path) const;

  std::vector<CgroupMount> mounts_;
  absl::flat_hash_map<std::pair<bool, std::string>, bool> known_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_CGROUPS_H_

#include "server/processes/descriptors_in_flight.h"

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"

namespace standoff {

uint32_t CountDescriptorsInFlight(const ProcessScan::Holders& holders,
                                  const Inodes& without) {
  // More than the file of a socket has.
  constexpr size_t kFileSize = 4096;
  const ProcFolder proc("/proc");
  uint32_t count = 0;
  for (const auto& [inode, holder] : holders) {
    if (without.contains(inode)) continue;
    const std::optional<std::string> text = proc.Read(
        absl::StrCat(holder.process, "/task/", holder.descriptor.thread,
                     "/fdinfo/", holder.descriptor.fd)
            .c_str(),
        kFileSize);
    const UnixSocketInfo info = ParseUnixSocketInfo(text.value_or(""));
    // The number may be another one's by now.
    if (info.inode == 0 || info.inode == inode) count += info.descriptors;
  }
  return count;
}

}  // namespace standoff

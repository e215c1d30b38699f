#include "server/processes/syscall_name.h"

#include <sys/syscall.h>

#include <unordered_map>

#include "absl/strings/str_cat.h"

namespace standoff {
namespace {

struct Entry {
  int64_t number;
  const char* name;
};

constexpr Entry kEntries[] = {
#include "server/processes/syscall_names.inc"
};

const std::unordered_map<int64_t, const char*>& Names() {
  static const auto& names = *[] {
    auto* const map = new std::unordered_map<int64_t, const char*>;
    for (const Entry& entry : kEntries) map->emplace(entry.number, entry.name);
    return map;
  }();
  return names;
}

}  // namespace

std::string SyscallName(int64_t number) {
  const auto entry = Names().find(number);
  if (entry != Names().end()) return entry->second;
  return absl::StrCat("syscall_", number);
}

}  // namespace standoff

// Names of socket options and of their levels, as the man pages and headers
// have them.
//
// All functions are thread-safe, and what they return lives for ever.

#ifndef STANDOFF_LIB_OPTION_NAMES_H_
#define STANDOFF_LIB_OPTION_NAMES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "lib/option_table.h"

namespace standoff {

// The option of that name, or null. Headers have a few options under several
// names: "IPV6_JOIN_GROUP" gives the entry of "IPV6_ADD_MEMBERSHIP". Where two
// levels use one name (MCAST_JOIN_GROUP), the one of IPPROTO_IP; a name may
// have its level before it: "IPPROTO_IPV6:MCAST_JOIN_GROUP".
const OptionEntry* FindOption(absl::string_view name);

// The known name nearest to `name`, for "did you mean": at most two letters
// differ, whatever their case. Empty if there is none.
absl::string_view SuggestOption(absl::string_view name);

// The number of a level that the table has: "SOL_SOCKET", "IPPROTO_TCP",
// "SOL_TCP", …; nullopt for others.
std::optional<int> FindLevel(absl::string_view name);

// The level's name, "IPPROTO_TCP"; empty if the table does not have it.
absl::string_view LevelName(int level);

}  // namespace standoff

#endif  // STANDOFF_LIB_OPTION_NAMES_H_

// Which TCP connections this host translates the addresses of, by the table of
// its connection tracking (nf_conntrack).

#ifndef STANDOFF_LIB_ADDRESS_TRANSLATION_H_
#define STANDOFF_LIB_ADDRESS_TRANSLATION_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "lib/address.h"

namespace standoff {

// A connection in /proc/net/nf_conntrack.
struct TrackedConnection {
  struct Direction {
    Address source;
    Address destination;
  };
  // As who opened it sends, and as it is answered.
  Direction original;
  Direction reply;

  // Whether the answer comes from elsewhere, or goes elsewhere.
  bool IsTranslated() const;
};
// nullopt if the line is not one of TCP.
std::optional<TrackedConnection> ParseTrackedConnection(absl::string_view line);

// The table of the calling thread's network namespace, as it is when this is
// made.
class AddressTranslation {
 public:
  AddressTranslation();

  // Whether a connection with these addresses, either of them before or after,
  // is translated; or may be, since connections are tracked and the table can't
  // be read (that takes CAP_NET_ADMIN) or is too long.
  bool MayTranslate(const Address& local, const Address& peer) const;

 private:
  void Add(const TrackedConnection::Direction& direction);

  using Ends = std::pair<std::string, std::string>;
  absl::flat_hash_set<Ends> translated_;
  bool is_unknown_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_LIB_ADDRESS_TRANSLATION_H_

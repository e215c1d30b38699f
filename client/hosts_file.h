// Files that say which hosts there are, in YAML:
//
//   hosts:
//     - name: left
//       address: 10.1.0.1:7411
//     - name: right
//       address: 10.1.0.2:7411
//       tls:                  # none of its files, and the channel is plain
//         ca: ca.pem          # a path that is not absolute starts at the
//         cert: client.pem    # folder of the file that names it
//         key: client.key
//       session: nightly      # `default` if it is left out
//       known_as:             # addresses that others see instead of its own,
//         - 203.0.113.7       # where addresses are translated
//
// `address` is required; `name` is the address if it is left out.

#ifndef STANDOFF_CLIENT_HOSTS_FILE_H_
#define STANDOFF_CLIENT_HOSTS_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/host_entry.h"

namespace standoff::client {

// The largest file that is read, in bytes.
inline constexpr size_t kMaxHostsFileBytes = 1 << 20;

// Reads a hosts file. InvalidArgument, as "FILE:LINE: FIELD: what is wrong and
// what is expected", for what is no YAML, for an unknown or repeated field, for
// a value of the wrong kind or form, for two hosts of one name and for a file
// without a host; NotFound if there is no such file, ResourceExhausted if it is
// larger than kMaxHostsFileBytes, and the system's error if it can't be read.
// The files of `tls` are not looked at yet.
absl::StatusOr<std::vector<HostEntry>> ReadHostsFile(const std::string& path);

// The same for the text of such a file; `path` is for messages and is where
// relative paths start.
absl::StatusOr<std::vector<HostEntry>> ParseHostsFile(absl::string_view text,
                                                      const std::string& path);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_HOSTS_FILE_H_

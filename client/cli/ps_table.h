// What `standoff ps` shows: what hosts are doing, as text.

#ifndef STANDOFF_CLIENT_CLI_PS_TABLE_H_
#define STANDOFF_CLIENT_CLI_PS_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff::client {

// What a host said, or why it said nothing.
struct HostSnapshot {
  // What messages call the host, and where it is.
  std::string name = {};
  std::string address = {};
  absl::StatusOr<v1::SnapshotResponse> snapshot;
};

// Leaves only what belongs to this session.
void KeepSession(const std::string& session, v1::SnapshotResponse& snapshot);

// A table of all hosts. For each session of each host there are, in this order,
// a row of its own; one for each operation in progress, the longest blocked
// first, with the sockets that it is about; its idle actors; and its other
// sockets. A host that said nothing has a row that says why. Lines are cut off
// at `columns` characters; 0 is no limit.
std::string RenderPs(const std::vector<HostSnapshot>& hosts, const Style& style,
                     size_t columns = 0);

// The same as JSON: {"hosts": [{"name", "address", "snapshot" or "error"}]}.
Json PsJson(const std::vector<HostSnapshot>& hosts);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_PS_TABLE_H_

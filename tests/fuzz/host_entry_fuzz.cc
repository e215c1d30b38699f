// Hosts on command lines, and names (client/host_entry.h,
// server/convert/name.h).

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/host_entry.h"
#include "server/convert/name.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/target.h"

namespace standoff::client {
namespace {

void TryHosts(const std::string& text) {
  const absl::StatusOr<std::vector<HostEntry>> hosts = ParseHostEntries(text);
  if (!hosts.ok()) {
    CheckRefusal(hosts.status(), "");
    return;
  }
  Check(!hosts->empty());
  std::set<std::string> names;
  for (const HostEntry& host : *hosts) {
    Check(names.insert(host.name).second, host.name);
    const absl::StatusOr<HostEntry> again =
        ParseHostEntry(CheckHostName(host.name).ok()
                           ? absl::StrCat(host.name, "=", host.address)
                           : host.address);
    Check(again.ok(), host.name);
    Check(again->name == host.name && again->address == host.address,
          host.name);
  }
}

// The client and the daemon agree on what is a name.
void TryNames(const std::string& text) {
  const absl::Status status = CheckName(text, "name");
  Check(CheckSessionName(text).ok() == status.ok(), text);
  if (!status.ok()) CheckRefusal(status, "name: ");
  if (CheckHostName(text).ok()) Check(status.ok(), text);
}

}  // namespace
}  // namespace standoff::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  standoff::client::TryHosts(text);
  standoff::client::TryNames(text);
  return 0;
}

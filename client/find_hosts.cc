#include "client/find_hosts.h"

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/hosts_file.h"

namespace standoff::client {
namespace {

using Hosts = absl::StatusOr<std::vector<HostEntry>>;

// Says whence a mistake came.
Hosts From(absl::string_view source, Hosts hosts) {
  if (hosts.ok()) return hosts;
  return absl::Status(hosts.status().code(),
                      absl::StrCat(source, ": ", hosts.status().message()));
}

Hosts ParseAll(const std::vector<std::string>& texts) {
  std::vector<HostEntry> hosts;
  for (const std::string& text : texts) {
    absl::StatusOr<HostEntry> host = ParseHostEntry(text);
    if (!host.ok()) return host.status();
    hosts.push_back(*std::move(host));
  }
  if (absl::Status status = CheckNamesDiffer(hosts); !status.ok()) {
    return status;
  }
  return hosts;
}

Hosts FromAnywhere(const HostChoice& choice, const Environment& environment) {
  const auto variable = [&](const char* name) {
    const char* value = environment(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (!choice.hosts.empty()) return From("--host", ParseAll(choice.hosts));
  if (!choice.hosts_file.empty()) return ReadHostsFile(choice.hosts_file);
  if (const std::string hosts = variable(kHostsVariable); !hosts.empty()) {
    return From(kHostsVariable, ParseHostEntries(hosts));
  }
  if (const std::string file = variable(kHostsFileVariable); !file.empty()) {
    return From(kHostsFileVariable, ReadHostsFile(file));
  }
  return ParseAll({kDefaultAddress});
}

}  // namespace

Hosts FindHosts(const HostChoice& choice, const Environment& environment) {
  Hosts hosts = FromAnywhere(choice, environment);
  if (!hosts.ok()) return hosts;
  for (HostEntry& host : *hosts) {
    if (!host.tls.any()) host.tls = choice.tls;
  }
  return hosts;
}

Hosts FindHosts(const HostChoice& choice) {
  return FindHosts(choice, [](const char* name) { return std::getenv(name); });
}

}  // namespace standoff::client

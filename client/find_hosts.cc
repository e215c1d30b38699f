#include "client/find_hosts.h"

#include <cstdlib>
#include <optional>
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

// What a hosts file or the environment says; nullopt if nothing does.
std::optional<Hosts> FromElsewhere(const HostChoice& choice,
                                   const Environment& environment) {
  const auto variable = [&](const char* name) {
    const char* value = environment(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (!choice.hosts_file.empty()) return ReadHostsFile(choice.hosts_file);
  if (const std::string hosts = variable(kHostsVariable); !hosts.empty()) {
    return From(kHostsVariable, ParseHostEntries(hosts));
  }
  if (const std::string file = variable(kHostsFileVariable); !file.empty()) {
    return From(kHostsFileVariable, ReadHostsFile(file));
  }
  return std::nullopt;
}

absl::StatusOr<HostEntry> WithName(const std::string& name,
                                   const std::optional<Hosts>& known) {
  std::string names;
  if (known.has_value()) {
    if (!known->ok()) return known->status();
    for (const HostEntry& host : **known) {
      if (host.name == name) return host;
      absl::StrAppend(&names, names.empty() ? "" : ", ", host.name);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name, "\" is neither an address (HOST:PORT or unix:PATH) nor ",
      known.has_value()
          ? absl::StrCat("the name of a known host; there are: ", names)
          : "is there a hosts file or STANDOFF_HOSTS with names"));
}

Hosts FromFlags(const HostChoice& choice, const Environment& environment) {
  std::vector<HostEntry> hosts;
  for (const std::string& text : choice.hosts) {
    // No address is a name: it has a colon.
    absl::StatusOr<HostEntry> host =
        CheckHostName(text).ok()
            ? WithName(text, FromElsewhere(choice, environment))
            : ParseHostEntry(text);
    if (!host.ok()) return host.status();
    hosts.push_back(*std::move(host));
  }
  if (absl::Status status = CheckNamesDiffer(hosts); !status.ok()) {
    return status;
  }
  return hosts;
}

Hosts FromAnywhere(const HostChoice& choice, const Environment& environment) {
  if (!choice.hosts.empty()) {
    return From("--host", FromFlags(choice, environment));
  }
  if (std::optional<Hosts> hosts = FromElsewhere(choice, environment)) {
    return *std::move(hosts);
  }
  return ParseHostEntries(kDefaultAddress);
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

#include "client/cli/info_command.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/cli/ask_all.h"
#include "client/cli/host_flags.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "client/find_hosts.h"
#include "client/host.h"
#include "client/host_entry.h"

namespace standoff::client {
namespace {

struct InfoFlags {
  HostChoice hosts;
  bool json = false;
};

using Info = absl::StatusOr<v1::GetInfoResponse>;

Info Ask(const HostEntry& host) {
  absl::StatusOr<Host> connected = Connect(host);
  if (!connected.ok()) return connected.status();
  return connected->GetInfo();
}

// `text` may be a daemon's words.
void Line(absl::string_view label, absl::string_view text) {
  std::cout << absl::StreamFormat("  %-14s%s\n", label, Printable(text));
}

// Rows of cells with each column as wide as it must be, but for the last.
using Row = std::vector<std::string>;

void Table(absl::string_view label, const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppendFormat(&line, "%-*s", static_cast<int>(widths[i]) + 2,
                            row[i]);
    }
    // The label stands before the first.
    Line(std::exchange(label, ""), absl::StripTrailingAsciiWhitespace(line));
  }
}

Row LimitRow(const v1::Limit& limit) {
  return {limit.name(),
          limit.has_in_use()
              ? absl::StrCat(FormatCount(limit.in_use()), " of ",
                             FormatCount(limit.limit()))
              : absl::StrCat("at most ", FormatCount(limit.limit())),
          limit.flag()};
}

Row InterfaceRow(const v1::NetworkInterface& interface) {
  return {interface.name(), interface.up() ? "up" : "down",
          absl::StrJoin(interface.addresses(), ", ")};
}

Row CapabilityRow(const v1::Capability& capability) {
  return {capability.name(), capability.available()
                                 ? "yes"
                                 : absl::StrCat("no: ", capability.reason())};
}

void Print(const HostEntry& host, const v1::GetInfoResponse& info,
           const Style& style) {
  std::cout << style.Bold(host.name);
  if (host.name != host.address) std::cout << "  " << host.address;
  std::cout << "\n";
  Line("version", info.version());
  Line("host name", info.host_name());
  Line("kernel",
       absl::StrCat(info.kernel().name(), " ", info.kernel().release(), " ",
                    info.kernel().machine()));
  Line("process", absl::StrCat(info.pid()));
  Line("network", absl::StrCat("namespace ", info.network_namespace()));
  Line("boot id", info.boot_id());
  Line("started",
       absl::FormatTime("%Y-%m-%d %H:%M:%S UTC",
                        absl::FromUnixSeconds(info.start_time().seconds()),
                        absl::UTCTimeZone()));
  Line("listens on", absl::StrJoin(info.listen_addresses(), ", "));
  std::vector<Row> interfaces;
  for (const v1::NetworkInterface& interface : info.interfaces()) {
    interfaces.push_back(InterfaceRow(interface));
  }
  Table("interfaces", interfaces);
  std::vector<Row> limits;
  for (const v1::Limit& limit : info.limits()) {
    limits.push_back(LimitRow(limit));
  }
  Table("limits", limits);
  std::vector<Row> capabilities;
  for (const v1::Capability& capability : info.capabilities()) {
    capabilities.push_back(CapabilityRow(capability));
  }
  Table("capabilities", capabilities);
}

Json HostJson(const HostEntry& host, const Info& info) {
  Json json = {{"name", host.name}, {"address", host.address}};
  absl::Status status = info.status();
  if (status.ok()) {
    absl::StatusOr<Json> converted = AsJson(*info);
    status = converted.status();
    if (status.ok()) json["info"] = *std::move(converted);
  }
  if (!status.ok()) json["error"] = std::string(status.message());
  return json;
}

int Run(const InfoFlags& flags) {
  absl::StatusOr<std::vector<HostEntry>> hosts = FindHosts(flags.hosts);
  if (!hosts.ok()) {
    PrintError(hosts.status().message());
    return kUsage;
  }
  const std::vector<Info> infos = AskAll(*hosts, Ask);

  const Style style(!flags.json && WantsColour(STDOUT_FILENO));
  int status = kSuccess;
  Json json = {{"hosts", Json::array()}};
  const char* separator = "";
  for (size_t i = 0; i < hosts->size(); ++i) {
    const HostEntry& host = hosts->at(i);
    const Info& info = infos[i];
    if (!info.ok()) {
      PrintError(info.status().message());
      status = kFailure;
    }
    if (flags.json) {
      json["hosts"].push_back(HostJson(host, info));
      if (json["hosts"].back().contains("error")) status = kFailure;
    } else if (info.ok()) {
      std::cout << std::exchange(separator, "\n");
      Print(host, *info, style);
    }
  }
  if (flags.json) std::cout << FormatJson(json);
  return status;
}

}  // namespace

void AddInfoCommand(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "info",
      "Shows what daemons say of themselves: version, kernel, network, limits "
      "and what sockets they can open.");
  command->footer(absl::StrCat(
      kHostsFooter,
      "\nA host that can't be reached is reported, the others are shown, and "
      "the exit status is 1."));
  auto flags = std::make_shared<InfoFlags>();
  AddHostFlags(*command, flags->hosts);
  command->add_flag("--json", flags->json, "Writes JSON, for machines.");
  command->callback(
      [&action, flags] { action = [flags] { return Run(*flags); }; });
}

}  // namespace standoff::client

#include "client/diagnosis/diagnose.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/diagnosis/deadlocks.h"
#include "client/diagnosis/ip_end.h"
#include "client/diagnosis/networks.h"
#include "client/diagnosis/stillness.h"
#include "client/diagnosis/write_diagnosis.h"

namespace standoff::client {
namespace {

absl::Status CheckRequest(const v1::DiagnoseRequest& request) {
  std::set<std::string> names;
  for (int i = 0; i < request.hosts_size(); ++i) {
    const v1::HostObservation& host = request.hosts(i);
    const std::string field = absl::StrCat("hosts[", i, "].");
    const auto invalid = [&](const char* name, absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(field, name, ": ", what));
    };
    if (host.host().empty()) return invalid("host", "is missing");
    if (!names.insert(host.host()).second) {
      return invalid("host", absl::StrCat("'", host.host(),
                                          "' is another host's name, too"));
    }
    if (!host.has_first()) {
      if (!host.error().empty() && !host.has_second()) continue;
      return invalid("first",
                     "is missing; give HostService.Snapshot's answer, or in "
                     "`error` why there is none");
    }
    if (!host.has_second()) continue;
    if (host.second().boot_id() != host.first().boot_id() ||
        host.second().network_namespace() != host.first().network_namespace()) {
      return invalid("second",
                     "is of another boot or network namespace than the first");
    }
    if (host.second().start_monotonic_ns() < host.first().end_monotonic_ns()) {
      return invalid("second", "was taken before the first was complete");
    }
  }
  // A socket of a session is in one daemon only.
  std::map<std::pair<std::string, uint64_t>, int> hosts_of_sockets;
  for (int i = 0; i < request.hosts_size(); ++i) {
    const v1::SnapshotResponse& snapshot = request.hosts(i).first();
    for (const v1::SessionSocket& socket : snapshot.sockets()) {
      if (socket.socket().inode() == 0) continue;
      const int other =
          hosts_of_sockets
              .try_emplace(
                  std::pair(snapshot.boot_id(), socket.socket().inode()), i)
              .first->second;
      if (other != i) {
        return absl::InvalidArgumentError(
            absl::StrCat("hosts[", i, "]: '", request.hosts(i).host(),
                         "' is the same daemon as '",
                         request.hosts(other).host(), "'; leave one out"));
      }
    }
  }
  for (int i = 0; i < request.hints_size(); ++i) {
    const v1::AddressHint& hint = request.hints(i);
    const std::string field = absl::StrCat("hints[", i, "].");
    if (!ParseIp(hint.address()).has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          field, "address: '", hint.address(), "' is no literal IP address"));
    }
    if (!names.contains(hint.host())) {
      return absl::InvalidArgumentError(absl::StrCat(
          field, "host: '", hint.host(), "' is none of the hosts"));
    }
  }
  return absl::OkStatus();
}

Networks NetworksOf(const v1::DiagnoseRequest& request, bool of_first) {
  std::vector<HostView> views;
  std::set<absl::string_view> names;
  for (const v1::HostObservation& host : request.hosts()) {
    if (!host.has_first()) continue;
    views.push_back({.name = host.host(),
                     .snapshot = of_first ? &host.first() : &LatestOf(host)});
    names.insert(host.host());
  }
  Networks::Hints hints;
  for (const v1::AddressHint& hint : request.hints()) {
    if (names.contains(hint.host())) *hints.Add() = hint;
  }
  return Networks(std::move(views), hints);
}

// Says which hosts could not be looked at, and of what that leaves open.
void AddSilentHosts(const v1::DiagnoseRequest& request,
                    v1::Diagnosis& diagnosis) {
  for (const v1::HostObservation& host : request.hosts()) {
    if (host.error().empty()) continue;
    // Most errors begin with the host's name.
    const std::string name = absl::StrCat(host.host(), ": ");
    diagnosis.add_unseen(absl::StrCat(
        host.host(),
        host.has_first() ? " was looked at once only: " : " was not seen: ",
        absl::StripPrefix(host.error(), name), "."));
  }
  if (diagnosis.verdict() == v1::VERDICT_NOTHING_BLOCKED &&
      !diagnosis.unseen().empty()) {
    diagnosis.set_sentence("Nothing that could be seen is blocked.");
  }
}

}  // namespace

absl::StatusOr<v1::Diagnosis> Diagnose(const v1::DiagnoseRequest& request) {
  if (absl::Status status = CheckRequest(request); !status.ok()) return status;
  const bool has_two_looks = std::all_of(
      request.hosts().begin(), request.hosts().end(),
      [](const auto& host) { return host.has_second() || !host.has_first(); });
  const Survey later(NetworksOf(request, /*of_first=*/false));
  std::optional<Survey> earlier;
  if (has_two_looks) {
    earlier.emplace(NetworksOf(request, /*of_first=*/true));
  }
  const Deadlocks deadlocks =
      FindDeadlocks(earlier.has_value() ? &*earlier : nullptr, later);
  v1::Diagnosis diagnosis =
      WriteDiagnosis(request, later, deadlocks, has_two_looks);
  AddSilentHosts(request, diagnosis);
  return diagnosis;
}

}  // namespace standoff::client

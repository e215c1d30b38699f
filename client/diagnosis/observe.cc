#include "client/diagnosis/observe.h"

#include <chrono>
#include <thread>
#include <utility>

#include "client/call.h"
#include "client/diagnosis/diagnose.h"

namespace standoff::client {
namespace {

absl::StatusOr<std::vector<v1::SnapshotResponse>> LookAt(
    const std::vector<Host>& hosts, const WhyOptions& options) {
  std::vector<Call<v1::SnapshotResponse>> calls;
  calls.reserve(hosts.size());
  for (const Host& host : hosts) {
    calls.push_back(host.Async().Snapshot(
        {.all_sessions = true, .processes = options.processes},
        {.deadline = options.patience}));
  }
  std::vector<v1::SnapshotResponse> snapshots;
  snapshots.reserve(hosts.size());
  for (Call<v1::SnapshotResponse>& call : calls) {
    absl::StatusOr<v1::SnapshotResponse> snapshot = call.Get();
    if (!snapshot.ok()) return snapshot.status();
    snapshots.push_back(*std::move(snapshot));
  }
  return snapshots;
}

}  // namespace

absl::StatusOr<v1::DiagnoseRequest> Observe(const std::vector<Host>& hosts,
                                            const WhyOptions& options) {
  absl::StatusOr<std::vector<v1::SnapshotResponse>> first =
      LookAt(hosts, options);
  if (!first.ok()) return first.status();
  std::this_thread::sleep_for(absl::ToChronoNanoseconds(options.between));
  absl::StatusOr<std::vector<v1::SnapshotResponse>> second =
      LookAt(hosts, options);
  if (!second.ok()) return second.status();
  v1::DiagnoseRequest request;
  for (size_t i = 0; i < hosts.size(); ++i) {
    v1::HostObservation& observation = *request.add_hosts();
    observation.set_host(hosts[i].name());
    *observation.mutable_first() = std::move((*first)[i]);
    *observation.mutable_second() = std::move((*second)[i]);
  }
  for (const v1::AddressHint& hint : options.hints) {
    *request.add_hints() = hint;
  }
  return request;
}

absl::StatusOr<v1::Diagnosis> Why(const std::vector<Host>& hosts,
                                  const WhyOptions& options) {
  const absl::StatusOr<v1::DiagnoseRequest> request = Observe(hosts, options);
  if (!request.ok()) return request.status();
  return Diagnose(*request);
}

}  // namespace standoff::client

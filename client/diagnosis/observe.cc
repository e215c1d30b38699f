#include "client/diagnosis/observe.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
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

// The second snapshots become the first ones; new ones take their place.
absl::Status LookAgain(const std::vector<Host>& hosts,
                       const WhyOptions& options,
                       v1::DiagnoseRequest& request) {
  std::this_thread::sleep_for(absl::ToChronoNanoseconds(options.between));
  absl::StatusOr<std::vector<v1::SnapshotResponse>> next =
      LookAt(hosts, options);
  if (!next.ok()) return next.status();
  for (size_t i = 0; i < hosts.size(); ++i) {
    v1::HostObservation& observation =
        *request.mutable_hosts(static_cast<int>(i));
    observation.mutable_first()->Swap(observation.mutable_second());
    *observation.mutable_second() = std::move((*next)[i]);
  }
  return absl::OkStatus();
}

// Whether a deadlock is not proved because something moved, and none is.
bool IsMoving(const v1::Diagnosis& diagnosis) {
  return diagnosis.verdict() != v1::VERDICT_DEADLOCK &&
         diagnosis.deadlocks_size() > 0;
}

}  // namespace

absl::StatusOr<v1::DiagnoseRequest> Observe(const std::vector<Host>& hosts,
                                            const WhyOptions& options) {
  absl::StatusOr<std::vector<v1::SnapshotResponse>> first =
      LookAt(hosts, options);
  if (!first.ok()) return first.status();
  v1::DiagnoseRequest request;
  for (size_t i = 0; i < hosts.size(); ++i) {
    v1::HostObservation& observation = *request.add_hosts();
    observation.set_host(hosts[i].name());
    *observation.mutable_second() = std::move((*first)[i]);
  }
  for (const v1::AddressHint& hint : options.hints) {
    *request.add_hints() = hint;
  }
  if (absl::Status status = LookAgain(hosts, options, request); !status.ok()) {
    return status;
  }
  return request;
}

absl::StatusOr<v1::Diagnosis> Why(const std::vector<Host>& hosts,
                                  const WhyOptions& options) {
  absl::StatusOr<v1::DiagnoseRequest> request = Observe(hosts, options);
  if (!request.ok()) return request.status();
  absl::StatusOr<v1::Diagnosis> diagnosis = Diagnose(*request);
  const absl::Time end = absl::Now() + options.settle;
  while (diagnosis.ok() && IsMoving(*diagnosis) && absl::Now() < end) {
    if (absl::Status status = LookAgain(hosts, options, *request);
        !status.ok()) {
      return status;
    }
    diagnosis = Diagnose(*request);
  }
  return diagnosis;
}

}  // namespace standoff::client

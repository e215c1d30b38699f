#include "client/diagnosis/observe.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/call.h"
#include "client/diagnosis/diagnose.h"
#include "client/diagnosis/settling.h"

namespace standoff::client {
namespace {

// As SnapshotRequest.look_ups.
constexpr int kMaxLookUps = 10'000;

// Looks at the same hosts again and again.
class Observer {
 public:
  Observer(const std::vector<Host>& hosts, const WhyOptions& options)
      : hosts_(hosts), options_(options) {
    for (const Host& host : hosts) seen_.add_hosts()->set_host(host.name());
    for (const SilentHost& silent : options.silent) {
      v1::HostObservation& observation = *seen_.add_hosts();
      observation.set_host(silent.name);
      observation.set_error(silent.error);
    }
    seen_.mutable_hints()->Assign(options.hints.begin(), options.hints.end());
  }

  const v1::DiagnoseRequest& seen() const { return seen_; }
  v1::DiagnoseRequest Take() && { return std::move(seen_); }

  // The first look. The status of the first host if none answers.
  absl::Status Look() {
    std::vector<absl::Status> failures;
    Ask(/*look_ups=*/{}, [&](int host, Answer answer) {
      v1::HostObservation& observation = *seen_.mutable_hosts(host);
      if (answer.ok()) {
        *observation.mutable_first() = *std::move(answer);
      } else {
        observation.set_error(std::string(answer.status().message()));
        failures.push_back(answer.status());
      }
    });
    if (failures.size() < hosts_.size() || failures.empty()) {
      return absl::OkStatus();
    }
    return failures.front();
  }

  // A later one, which asks for what `diagnosis` wants to know, too. Second
  // snapshots become the first ones, and new ones take their place.
  void LookAgain(const v1::Diagnosis& diagnosis) {
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(options_.between));
    Ask(diagnosis.look_ups(), [&](int host, Answer answer) {
      v1::HostObservation& observation = *seen_.mutable_hosts(host);
      if (observation.has_second()) {
        observation.mutable_first()->Swap(observation.mutable_second());
        observation.clear_second();
      }
      if (answer.ok() && !Follows(*answer, observation.first())) {
        answer = absl::UnavailableError(
            absl::StrCat(observation.host(),
                         ": another daemon, or the host was booted, between "
                         "two looks"));
      }
      if (answer.ok()) {
        *observation.mutable_second() = *std::move(answer);
      } else {
        observation.set_error(std::string(answer.status().message()));
      }
    });
  }

 private:
  using Answer = absl::StatusOr<v1::SnapshotResponse>;
  using LookUps = google::protobuf::RepeatedPtrField<v1::HostLookUps>;

  static bool Follows(const v1::SnapshotResponse& later,
                      const v1::SnapshotResponse& earlier) {
    return later.boot_id() == earlier.boot_id() &&
           later.network_namespace() == earlier.network_namespace() &&
           later.start_monotonic_ns() >= earlier.end_monotonic_ns();
  }

  // Asks all hosts that have answered so far, all at once.
  template <typename Take>
  void Ask(const LookUps& look_ups, const Take& take) {
    std::vector<std::pair<int, Call<v1::SnapshotResponse>>> calls;
    for (int i = 0; i < static_cast<int>(hosts_.size()); ++i) {
      if (!seen_.hosts(i).error().empty()) continue;
      const Host& host = hosts_[static_cast<size_t>(i)];
      v1::SnapshotRequest request;
      request.set_all_sessions(true);
      request.set_processes(options_.processes);
      for (const v1::HostLookUps& wanted : look_ups) {
        if (wanted.host() != host.name()) continue;
        const int size = std::min(wanted.connections_size(), kMaxLookUps);
        request.mutable_look_ups()->Assign(
            wanted.connections().begin(),
            std::next(wanted.connections().begin(), size));
      }
      calls.emplace_back(
          i, host.Async().Run(request, {.deadline = options_.patience}));
    }
    for (auto& [host, call] : calls) {
      Answer answer = std::move(call).Get();
      if (answer.ok()) {
        if (absl::Status status =
                CheckSnapshot(hosts_[static_cast<size_t>(host)], *answer);
            !status.ok()) {
          answer = std::move(status);
        }
      }
      take(host, std::move(answer));
    }
  }

  const std::vector<Host>& hosts_;
  const WhyOptions& options_;
  v1::DiagnoseRequest seen_;
};

absl::Status LookTwice(Observer& observer) {
  if (absl::Status status = observer.Look(); !status.ok()) return status;
  absl::StatusOr<v1::Diagnosis> diagnosis = Diagnose(observer.seen());
  if (!diagnosis.ok()) return diagnosis.status();
  observer.LookAgain(*diagnosis);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::DiagnoseRequest> Observe(const std::vector<Host>& hosts,
                                            const WhyOptions& options) {
  Observer observer(hosts, options);
  if (absl::Status status = LookTwice(observer); !status.ok()) return status;
  return std::move(observer).Take();
}

absl::StatusOr<Explanation> ObserveAndDiagnose(const std::vector<Host>& hosts,
                                               const WhyOptions& options) {
  Observer observer(hosts, options);
  if (absl::Status status = LookTwice(observer); !status.ok()) return status;
  const absl::Time end = absl::Now() + options.settle;
  absl::StatusOr<v1::Diagnosis> diagnosis = Diagnose(observer.seen());
  while (diagnosis.ok() && absl::Now() < end &&
         MaySettle(observer.seen(), *diagnosis)) {
    observer.LookAgain(*diagnosis);
    diagnosis = Diagnose(observer.seen());
  }
  if (!diagnosis.ok()) return diagnosis.status();
  return Explanation{.seen = std::move(observer).Take(),
                     .diagnosis = *std::move(diagnosis)};
}

absl::StatusOr<v1::Diagnosis> Why(const std::vector<Host>& hosts,
                                  const WhyOptions& options) {
  absl::StatusOr<Explanation> explanation = ObserveAndDiagnose(hosts, options);
  if (!explanation.ok()) return explanation.status();
  return std::move(explanation->diagnosis);
}

}  // namespace standoff::client

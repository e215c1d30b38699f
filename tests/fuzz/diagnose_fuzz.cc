// Snapshots of hosts, to a diagnosis and what is shown of it
// (client/diagnosis/diagnose.h, client/cli/why_report.h, why_dot.h).

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "client/cli/terminal.h"
#include "client/cli/why_dot.h"
#include "client/cli/why_report.h"
#include "client/diagnosis/diagnose.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/target.h"

namespace standoff::client {
namespace {

void CheckIndices(const v1::Diagnosis& diagnosis) {
  const auto calls = static_cast<uint32_t>(diagnosis.blocked_size());
  const auto deadlocks = static_cast<uint32_t>(diagnosis.deadlocks_size());
  for (const v1::Deadlock& deadlock : diagnosis.deadlocks()) {
    Check(deadlock.calls_size() > 0 && deadlock.cycle_size() > 0);
    const std::set<uint32_t> members(deadlock.calls().begin(),
                                     deadlock.calls().end());
    Check(*members.rbegin() < calls);
    for (const uint32_t call : deadlock.cycle()) Check(members.contains(call));
  }
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    Check(call.has_deadlock() == (call.reason() == v1::REASON_DEADLOCK));
    Check(!call.has_deadlock() || call.deadlock() < deadlocks);
    for (const uint32_t other : call.waits_for()) Check(other < calls);
  }
}

void CheckVerdict(const v1::Diagnosis& diagnosis) {
  const bool is_proved =
      std::any_of(diagnosis.deadlocks().begin(), diagnosis.deadlocks().end(),
                  [](const auto& d) { return d.proof() == v1::PROOF_PROVED; });
  Check(diagnosis.verdict() == (is_proved ? v1::VERDICT_DEADLOCK
                                : diagnosis.blocked_size() > 0
                                    ? v1::VERDICT_BLOCKED
                                    : v1::VERDICT_NOTHING_BLOCKED));
  Check(!diagnosis.sentence().empty());
}

// Nothing in it can steer a terminal.
void CheckShown(absl::string_view text) {
  Check(!text.empty());
  Check(std::none_of(text.begin(), text.end(),
                     [](char c) {
                       const auto byte = static_cast<unsigned char>(c);
                       return (byte < 0x20 && c != '\n') || byte == 0x7F;
                     }),
        text);
}

void Try(const v1::DiagnoseRequest& request) {
  const absl::StatusOr<v1::Diagnosis> diagnosis = Diagnose(request);
  if (!diagnosis.ok()) {
    CheckRefusal(diagnosis.status(),
                 absl::StartsWith(diagnosis.status().message(), "hints[")
                     ? "hints["
                     : "hosts[");
    return;
  }
  CheckIndices(*diagnosis);
  CheckVerdict(*diagnosis);
  v1::Diagnosis received;
  Check(received.ParseFromString(diagnosis->SerializeAsString()),
        diagnosis->ShortDebugString());
  CheckShown(RenderWhy(*diagnosis, Style(/*colour=*/false)));
  CheckShown(WhyDot(*diagnosis));
}

}  // namespace
}  // namespace standoff::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::v1::DiagnoseRequest request;
  if (request.ParseFromArray(data, static_cast<int>(size))) {
    standoff::client::Try(request);
  }
  return 0;
}

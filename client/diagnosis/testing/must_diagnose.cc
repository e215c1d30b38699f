#include "client/diagnosis/testing/must_diagnose.h"

#include "absl/status/statusor.h"
#include "client/diagnosis/diagnose.h"
#include "gtest/gtest.h"

namespace standoff::client {

v1::Diagnosis MustDiagnose(const std::vector<v1::HostObservation>& hosts,
                           const std::vector<v1::AddressHint>& hints) {
  v1::DiagnoseRequest request;
  for (const auto& host : hosts) *request.add_hosts() = host;
  for (const auto& hint : hints) *request.add_hints() = hint;
  absl::StatusOr<v1::Diagnosis> diagnosis = Diagnose(request);
  EXPECT_TRUE(diagnosis.ok()) << diagnosis.status();
  return diagnosis.value_or(v1::Diagnosis());
}

const v1::BlockedCall& CallOf(const v1::Diagnosis& diagnosis,
                              const std::string& actor) {
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    if (call.caller().actor() == actor) return call;
  }
  ADD_FAILURE() << "no blocked call of '" << actor << "' in "
                << diagnosis.DebugString();
  return v1::BlockedCall::default_instance();
}

}  // namespace standoff::client

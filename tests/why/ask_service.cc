#include "tests/why/ask_service.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "tests/testing/raw_call.h"

namespace standoff::client {

absl::StatusOr<v1::Diagnosis> AskService(const Host& host,
                                         const v1::DiagnoseRequest& request) {
  const absl::StatusOr<std::string> reply =
      RawCall(host.address(), "/standoff.v1.DiagnosisService/Diagnose",
              request.SerializeAsString());
  if (!reply.ok()) return reply.status();
  v1::DiagnoseResponse response;
  EXPECT_TRUE(response.ParseFromString(*reply));
  return response.diagnosis();
}

void ExpectInRange(const v1::Diagnosis& diagnosis) {
  const auto calls = static_cast<uint32_t>(diagnosis.blocked_size());
  for (const v1::Deadlock& deadlock : diagnosis.deadlocks()) {
    for (const uint32_t call : deadlock.calls()) EXPECT_LT(call, calls);
    for (const uint32_t call : deadlock.cycle()) EXPECT_LT(call, calls);
  }
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    for (const uint32_t other : call.waits_for()) EXPECT_LT(other, calls);
    if (call.has_deadlock()) {
      EXPECT_LT(call.deadlock(),
                static_cast<uint32_t>(diagnosis.deadlocks_size()));
    }
  }
}

}  // namespace standoff::client

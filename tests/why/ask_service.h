// DiagnosisService, asked over the wire.

#ifndef STANDOFF_TESTS_WHY_ASK_SERVICE_H_
#define STANDOFF_TESTS_WHY_ASK_SERVICE_H_

#include "absl/status/statusor.h"
#include "client/host.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"

namespace standoff::client {

// What a daemon answers, which has a minute.
absl::StatusOr<v1::Diagnosis> AskService(const Host& host,
                                         const v1::DiagnoseRequest& request);

// Whatever it was given, an answer refers to nothing that is not in it.
void ExpectInRange(const v1::Diagnosis& diagnosis);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_ASK_SERVICE_H_

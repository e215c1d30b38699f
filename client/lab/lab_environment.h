// What a test needs that makes a Lab.

#ifndef STANDOFF_CLIENT_LAB_LAB_ENVIRONMENT_H_
#define STANDOFF_CLIENT_LAB_LAB_ENVIRONMENT_H_

#include "absl/status/status.h"

namespace standoff::client {

// What EnterUserNamespaceIfNeeded() said when the test program started: linking
// this unit calls it before main() and before any thread. A test that needs a
// lab begins with
//
//   if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
const absl::Status& LabEnvironment();

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_LAB_ENVIRONMENT_H_

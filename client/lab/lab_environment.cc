#include "client/lab/lab_environment.h"

#include "client/lab/user_namespace.h"

namespace standoff::client {
namespace {

// Before main(), which may start threads.
[[maybe_unused]] const bool entered = (LabEnvironment(), true);

}  // namespace

const absl::Status& LabEnvironment() {
  static const absl::Status* const status =
      new absl::Status(EnterUserNamespaceIfNeeded());
  return *status;
}

}  // namespace standoff::client

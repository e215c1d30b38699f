// Which families of sockets clients may have.

#ifndef STANDOFF_SERVER_ACTIONS_FAMILY_H_
#define STANDOFF_SERVER_ACTIONS_FAMILY_H_

#include "absl/status/status.h"

namespace standoff {

// InvalidArgument for families whose addresses or payload hold descriptors of
// the daemon, or with which a client would configure the host instead of using
// it.
absl::Status CheckFamily(int family);

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_FAMILY_H_

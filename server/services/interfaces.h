// The network interfaces of the host.

#ifndef STANDOFF_SERVER_SERVICES_INTERFACES_H_
#define STANDOFF_SERVER_SERVICES_INTERFACES_H_

#include <vector>

#include "standoff/v1/host_service.pb.h"

namespace standoff {

// All of the daemon's network namespace, by number. Empty if the kernel does
// not tell (it takes a descriptor for a moment).
std::vector<v1::NetworkInterface> ListInterfaces();

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_INTERFACES_H_

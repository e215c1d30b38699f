// What sockets the daemon can open on its host, found out by trying.

#ifndef STANDOFF_SERVER_SERVICES_CAPABILITIES_H_
#define STANDOFF_SERVER_SERVICES_CAPABILITIES_H_

#include <vector>

#include "standoff/v1/host_service.pb.h"

namespace standoff {

// One for each kind of socket that not every host has or allows.
std::vector<v1::Capability> ProbeCapabilities();

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_CAPABILITIES_H_

// Descriptors on their way to another process (SCM_RIGHTS, unix(7)).

#ifndef STANDOFF_SERVER_PROCESSES_DESCRIPTORS_IN_FLIGHT_H_
#define STANDOFF_SERVER_PROCESSES_DESCRIPTORS_IN_FLIGHT_H_

#include <cstdint>

#include "server/processes/process_scan.h"
#include "server/processes/process_sockets.h"

namespace standoff {

// How many there are in messages that lie unread in these Unix sockets. Looks
// at none of those in `without`.
uint32_t CountDescriptorsInFlight(const ProcessScan::Holders& holders,
                                  const Inodes& without);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_DESCRIPTORS_IN_FLIGHT_H_

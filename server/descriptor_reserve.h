// File descriptors that are kept back for the control channel.
//
// A process that has used up its descriptors can't accept connections, and
// gRPC 1.51 gives a listener up for good when that happens. So sockets of
// clients never get the last descriptors: a client's EMFILE leaves room for
// control.

#ifndef STANDOFF_SERVER_DESCRIPTOR_RESERVE_H_
#define STANDOFF_SERVER_DESCRIPTOR_RESERVE_H_

#include <cstdint>
#include <optional>

#include "lib/outcome.h"

namespace standoff {

// Of the process's limit of open files (RLIMIT_NOFILE), one in eight is kept
// back, but no more than this.
inline constexpr int kMaxDescriptorReserve = 1024;

// For a call that needs `count` new descriptors: EMFILE, without a system call
// that said so, if one of them would be of the reserve; else nullopt. `sockets`
// is how many there will be then, those counted for which accepts wait: an
// accept that waits with a timeout has no descriptor yet.
std::optional<Outcome> CheckDescriptors(int64_t sockets, int count = 1);

}  // namespace standoff

#endif  // STANDOFF_SERVER_DESCRIPTOR_RESERVE_H_

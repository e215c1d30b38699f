// gRPC's channelz service: what it knows of its channels.

#ifndef STANDOFF_SERVER_CHANNELZ_H_
#define STANDOFF_SERVER_CHANNELZ_H_

#include "absl/status/status.h"

namespace standoff {

// Has the servers of this process that are built from now on serve it. Its
// library is loaded only here: linked in, it would take a millisecond at each
// start. NotFound if there is none of this version of gRPC.
absl::Status ServeChannelz();

}  // namespace standoff

#endif  // STANDOFF_SERVER_CHANNELZ_H_

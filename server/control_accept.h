// Connections of the control channel, when the system has none to give.

#ifndef STANDOFF_SERVER_CONTROL_ACCEPT_H_
#define STANDOFF_SERVER_CONTROL_ACCEPT_H_

namespace standoff {

// gRPC 1.51 gives a listener up for good when accept(2) fails. From now on a
// connection of its that fails by itself (ECONNABORTED, EPROTO …) is passed
// over, and one for which there is no descriptor or memory (EMFILE, ENFILE,
// ENOBUFS, ENOMEM) is accepted with a descriptor that is kept for this, and
// closed: its client sees the end of the connection and can try again. A few
// are kept. False, with errno, if there is none to keep.
bool KeepAccepting();

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONTROL_ACCEPT_H_

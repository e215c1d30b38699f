// Options that change when a call on a socket can go on. Whoever does a call at
// once, without waiting, must know of them; a daemon on which nobody has set
// such an option is spared the system calls that ask for it.

#ifndef STANDOFF_SERVER_ACTIONS_OPTIONS_SEEN_H_
#define STANDOFF_SERVER_ACTIONS_OPTIONS_SEEN_H_

#include "lib/socket.h"

namespace standoff {

// Called before an option is set, on any socket. For good: accepted and
// duplicated sockets have it, too.
void SeeOption(int level, int number);

// Whether a receive may wait though there is something to receive: with
// SO_RCVLOWAT (socket(7)).
bool MayWaitForMore(const Socket& socket);

// Whether a send connects first, as connect(2) has put that off: with
// TCP_FASTOPEN_CONNECT (tcp(7)).
bool ConnectsFirst(const Socket& socket);

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_OPTIONS_SEEN_H_

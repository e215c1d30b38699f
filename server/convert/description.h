// Descriptions of sockets: lib to standoff.v1.

#ifndef STANDOFF_SERVER_CONVERT_DESCRIPTION_H_
#define STANDOFF_SERVER_CONVERT_DESCRIPTION_H_

#include "lib/socket.h"
#include "lib/socket_diag.h"
#include "standoff/v1/socket.pb.h"

namespace standoff {

// All that the kernel tells of the socket; the name, the time of opening, the
// waiting calls and the last use are the caller's to fill in.
v1::SocketDescription DescriptionToProto(const Socket& socket);

// Adds what bounds calls on it (SO_RCVTIMEO, SO_SNDTIMEO, TCP_USER_TIMEOUT) and
// what else they wait for (SO_RCVLOWAT, SO_PEEK_OFF, SO_REUSEPORT,
// TCP_DEFER_ACCEPT). All of it is part of DescriptionToProto(const Socket&).
void SettingsToProto(const Socket& socket, v1::SocketDescription& proto);

// All that sock_diag(7) tells of a socket, whoever has it; nothing that is a
// descriptor's.
v1::SocketDescription DescriptionToProto(const DiagSocket& socket);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_DESCRIPTION_H_

// Control messages: the ancillary data of sendmsg(2) and recvmsg(2), cmsg(3).

#ifndef STANDOFF_LIB_CONTROL_MESSAGE_H_
#define STANDOFF_LIB_CONTROL_MESSAGE_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/socket.h"

namespace standoff {

// One control message. `data` is the structure that the kernel has, without
// the header.
struct ControlMessage {
  // cmsg_level and cmsg_type.
  int level = 0;
  int type = 0;
  std::string data = {};
  // In what was received: the kernel had more of it than there was room for.
  // (Of a message without a name, this is assumed if it fills the room.)
  bool truncated = false;

  // An int: IP_TTL, IP_TOS, IPV6_HOPLIMIT, IPV6_TCLASS, …
  static ControlMessage Integer(int level, int type, int value);
  // IP_PKTINFO and IPV6_PKTINFO.
  static ControlMessage PacketInfo(const in_pktinfo& info);
  static ControlMessage PacketInfo(const in6_pktinfo& info);

  // The content by its type, for messages of just that size; nullopt for
  // others. AsInteger() takes one byte, too, since the kernel delivers IP_TOS
  // so.
  std::optional<int> AsInteger() const;
  std::optional<in_pktinfo> AsPacketInfo4() const;
  std::optional<in6_pktinfo> AsPacketInfo6() const;
  // SO_TIMESTAMPNS (a timespec), SO_TIMESTAMP (a timeval).
  std::optional<absl::Time> AsTimestamp() const;
};

// A control message that has a name in the man pages. Not always that of the
// option that asks for it: IP_TTL comes with IP_RECVTTL.
struct ControlMessageName {
  // How the content is laid out.
  enum class Content { kBytes, kInteger, kPacketInfo, kTimestamp };

  absl::string_view name;
  int level;
  int type;
  Content content;
};

// nullptr if there is none.
const ControlMessageName* FindControlMessage(absl::string_view name);
const ControlMessageName* FindControlMessage(int level, int type);

// The buffer for msg_control that holds `messages`.
std::string EncodeControlMessages(absl::Span<const ControlMessage> messages);

// Descriptors that a peer passed (SCM_RIGHTS, unix(7)).
struct PassedSockets {
  // In their order. Non-blocking if the peer has them so; that flag they share.
  std::vector<Socket> sockets;
  // How many came that are no sockets: they were closed.
  int others_closed = 0;
};

struct DecodedControlMessages {
  // Those that bring descriptors (SCM_RIGHTS, SCM_PIDFD) have no data.
  std::vector<ControlMessage> messages;
  // What came with each SCM_RIGHTS among them. A SCM_PIDFD was closed.
  std::vector<PassedSockets> passed;
};

// The messages that recvmsg(2) left in `header`. Takes over the descriptors
// that came with them: once for each header.
DecodedControlMessages DecodeControlMessages(msghdr& header);

}  // namespace standoff

#endif  // STANDOFF_LIB_CONTROL_MESSAGE_H_

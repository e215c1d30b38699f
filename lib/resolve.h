// Name look-ups: getaddrinfo(3).

#ifndef STANDOFF_LIB_RESOLVE_H_
#define STANDOFF_LIB_RESOLVE_H_

#include <string>
#include <vector>

#include "lib/address.h"
#include "lib/interruption.h"
#include "lib/outcome.h"

namespace standoff {

// What to look up. Zero stands for any family, type and protocol.
struct LookUp {
  // A name or a literal; empty for the wildcard address with AI_PASSIVE and
  // for loopback without it.
  std::string host = {};
  // A service's name or a port number; may be empty.
  std::string service = {};
  int family = 0;
  int type = 0;
  int protocol = 0;
  // AI_ flags.
  int flags = 0;
};

// One address found, with what to open to use it.
struct ResolvedAddress {
  int family = 0;
  int type = 0;
  int protocol = 0;
  Address address;
};

struct Resolved {
  // Best first (RFC 6724).
  std::vector<ResolvedAddress> addresses;
  // With AI_CANONNAME.
  std::string canonical_name;
};

// Look-ups that go on at once in the process, at the most. A further one fails
// with EAI_AGAIN and, unlike one for which no name server answered, EAGAIN.
inline constexpr int kMaxLookUps = 64;

// Looks up. A failure is Ending::kFailed with `lookup_error` (and `error` for
// EAI_SYSTEM); `syscall` is "getaddrinfo". A host or service with a NUL in it
// is EAI_NONAME. The C library can't be made to give up a look-up, so it runs
// on a thread of its own; an interruption ends the call, and that thread ends
// when the C library does (resolv.conf(5): by default after two times 5 s for
// each name server and search domain).
Result<Resolved> Resolve(const LookUp& look_up,
                         Interruption* interruption = nullptr);

}  // namespace standoff

#endif  // STANDOFF_LIB_RESOLVE_H_

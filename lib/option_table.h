// The socket options of Linux. lib/option_names.h finds them by name.
//
// The table has the options of the man pages socket(7), tcp(7), ip(7),
// ipv6(7), udp(7), udplite(7), unix(7), raw(7) and icmp(7), and those beside
// them that Linux 6.18 has for such sockets. Not in it are the options of
// other families (packet(7), netlink(7), …), multicast routing (MRT_…) and
// netfilter's tables (IPT_SO_…).
//
// All functions are thread-safe, and what they return lives for ever.

#ifndef STANDOFF_LIB_OPTION_TABLE_H_
#define STANDOFF_LIB_OPTION_TABLE_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace standoff {

// How an option's value is laid out. Numbers are in the host's byte order.
enum class OptionType {
  // An int: 4 bytes, signed. Truth values are ints, too: 0 or 1.
  kInteger,
  // An unsigned int: 4 bytes.
  kUnsigned,
  // An unsigned 64-bit number.
  kUnsigned64,
  // A struct timeval: two 64-bit numbers, seconds and microseconds. Zero is no
  // limit.
  kTimeval,
  // A struct linger: two ints, whether a close lingers and for how many
  // seconds.
  kLinger,
  // Characters. A read may give NULs at the end; a write needs none.
  kText,
  // Anything else, as the kernel has it.
  kBytes,
};

// One option.
struct OptionEntry {
  // As in the man pages and headers: "SO_RCVBUF".
  absl::string_view name;
  // For setsockopt(2) and getsockopt(2).
  int level = 0;
  int number = 0;
  OptionType type = OptionType::kInteger;
  // The value's size in bytes. For kText and kBytes, how much room a read
  // needs: for those that grow with kernels or contents, more than any known
  // needs; 0 if it can't be read.
  int size = 0;
  // Whether Linux has it in getsockopt(2) and in setsockopt(2). Some families
  // and states of a socket have fewer; and a few names have neither, as no
  // kernel of today has them. For documentation: who makes the call finds out.
  //
  // Readable is what can be read into a zeroed buffer of `size` bytes. Not so
  // are options that expect a question in that buffer (IP_MSFILTER).
  bool readable = false;
  bool writable = false;
  // For people: the unit of a number ("ms"), the C type of bytes ("struct
  // tcp_info").
  absl::string_view meaning;
};

// The option of those numbers, or null.
const OptionEntry* FindOption(int level, int number);

// All of them, by level and number: each pair of these occurs once.
absl::Span<const OptionEntry> AllOptions();

}  // namespace standoff

#endif  // STANDOFF_LIB_OPTION_TABLE_H_

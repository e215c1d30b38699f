// Which socket options and control messages a process must not pass on for
// others.
//
// A daemon that sets and reads options with numbers and bytes of a remote
// client's choice would, with some of them, lend that client its own memory
// and descriptors: their values hold pointers into the calling process, or
// numbers of its descriptors, or the call gives it new ones. These functions
// tell such a daemon what to refuse. They are not in the way of who uses the
// other functions of this library in their own process.
//
// What was not reviewed (against Linux 6.18) is not known to be harmless, so
// also options of newer kernels.
//
// What is let through is harmless if the caller does as follows:
// - A read starts with a buffer of zeros. Options that expect a question in
//   the buffer (IP_MSFILTER, MCAST_MSFILTER) take from it, and not from the
//   buffer's length, how much they write.
// - That buffer has at least kReadSlack bytes more than the length given to
//   the kernel. A few families write an int whatever that length is, under
//   numbers that are another option's elsewhere.
// - Descriptors that a received message brings (SCM_RIGHTS) are closed.
//
// All functions are thread-safe.

#ifndef STANDOFF_LIB_OPTION_SAFETY_H_
#define STANDOFF_LIB_OPTION_SAFETY_H_

namespace standoff {

inline constexpr int kReadSlack = 4096;

// What is known of a number.
enum class Safety {
  // It was reviewed, and is harmless.
  kHarmless,
  // It was reviewed, and must be refused.
  kRefused,
  // It was not reviewed. Reading an option of that number is harmless all the
  // same, as far as the above is done; setting it may not be.
  kUnknown,
  // No more is it known to the kernel that runs, by its version and the level:
  // it can be asked, and says so.
  kUnknownToKernel,
};

struct SafetyVerdict {
  Safety safety;
  // Of what is not harmless: why it is refused, as the end of a sentence ("its
  // value holds a pointer into the calling process").
  const char* reason;
};

// Of option `number` of `level`.
SafetyVerdict OptionSafety(int level, int number);

// The same of sending a control message of that level and type (cmsg(3)).
SafetyVerdict ControlMessageSafety(int level, int type);

}  // namespace standoff

#endif  // STANDOFF_LIB_OPTION_SAFETY_H_

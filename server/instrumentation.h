// Whether a sanitizer instruments this build.

#ifndef STANDOFF_SERVER_INSTRUMENTATION_H_
#define STANDOFF_SERVER_INSTRUMENTATION_H_

namespace standoff {

// By AddressSanitizer or ThreadSanitizer, which have malloc(3) and
// pthread_create(3) of their own, and make all else several times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsInstrumented = true;
#else
inline constexpr bool kIsInstrumented = false;
#endif

}  // namespace standoff

#endif  // STANDOFF_SERVER_INSTRUMENTATION_H_

// malloc(3) and its like, which stand before the C library's, also for the
// libraries of this program: where those have no memory, the reserve gives
// some.

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "server/memory_reserve.h"

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

// The C library's own (glibc, malloc/malloc.c).
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);
}

namespace standoff {
namespace {

// What malloc(3) asks the kernel for is more than what it is asked for.
constexpr size_t kMore = size_t{1} << 20;

// Calls `allocate` again as long as there is something to be had for `size`.
// Leaves errno as it was if that helps: libraries look at it after they have
// asked for memory.
template <typename Allocate>
void* WithReserve(size_t size, const Allocate& allocate) {
  const int error = errno;
  for (;;) {
    void* const memory = allocate();
    if (memory != nullptr || size == 0) {
      errno = error;
      return memory;
    }
    const size_t wanted = size + kMore;
    // More than malloc(3) ever gives.
    const bool is_absurd =
        wanted < size || wanted > static_cast<size_t>(PTRDIFF_MAX);
    if (is_absurd || !LendMemory(wanted)) {
      errno = ENOMEM;
      return nullptr;
    }
  }
}

bool IsPowerOfTwo(size_t number) {
  return number != 0 && (number & (number - 1)) == 0;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) void* malloc(size_t size) noexcept {
  return WithReserve(size, [=] { return __libc_malloc(size); });
}

__attribute__((visibility("default"))) void* calloc(size_t count,
                                                    size_t size) noexcept {
  size_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) total = SIZE_MAX;
  return WithReserve(total, [=] { return __libc_calloc(count, size); });
}

__attribute__((visibility("default"))) void* realloc(void* memory,
                                                     size_t size) noexcept {
  return WithReserve(size, [=] { return __libc_realloc(memory, size); });
}

__attribute__((visibility("default"))) void* memalign(size_t alignment,
                                                      size_t size) noexcept {
  return WithReserve(size, [=] { return __libc_memalign(alignment, size); });
}

__attribute__((visibility("default"))) void* aligned_alloc(
    size_t alignment, size_t size) noexcept {
  return WithReserve(size, [=] { return __libc_memalign(alignment, size); });
}

__attribute__((visibility("default"))) int posix_memalign(
    void** memory, size_t alignment, size_t size) noexcept {
  if (!IsPowerOfTwo(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  void* const allocated = aligned_alloc(alignment, size);
  if (allocated == nullptr) return ENOMEM;
  *memory = allocated;
  return 0;
}

// So that what a library that is preloaded frees is its own.
__attribute__((visibility("default"))) void free(void* memory) noexcept {
  __libc_free(memory);
}

}  // extern "C"

}  // namespace standoff

// Without the reserve: who asks in this way can go without.
__attribute__((visibility("default"))) void* operator new(
    size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return __libc_malloc(size == 0 ? 1 : size);
}

__attribute__((visibility("default"))) void* operator new[](
    size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return __libc_malloc(size == 0 ? 1 : size);
}

#endif

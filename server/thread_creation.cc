#include "server/thread_creation.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <thread>

#include "server/memory_reserve.h"

namespace standoff {
namespace {

std::atomic<Threads*> source = nullptr;

// A thread that ends takes a moment to give its place back.
constexpr std::chrono::microseconds kPause{200};
constexpr int kAttempts = 10'000;

}  // namespace

void TakeThreadsFrom(Threads* threads) { source = threads; }

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

using PthreadCreate = int(pthread_t*, const pthread_attr_t*, void* (*)(void*),
                          void*);

namespace {

size_t StackAndGuard(const pthread_attr_t& attributes) {
  size_t stack = 0;
  size_t guard = 0;
  pthread_attr_getstacksize(&attributes, &stack);
  pthread_attr_getguardsize(&attributes, &guard);
  return stack + guard;
}

// What a thread with these attributes, or none, takes; in bytes.
size_t StackSize(const pthread_attr_t* attributes) {
  if (attributes != nullptr) return StackAndGuard(*attributes);
  pthread_attr_t defaults;
  if (pthread_getattr_default_np(&defaults) != 0) return 0;
  const size_t size = StackAndGuard(defaults);
  pthread_attr_destroy(&defaults);
  return size;
}

}  // namespace

// Stands before the C library's, also for the libraries of this program.
extern "C" __attribute__((visibility("default"))) int pthread_create(
    pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
    void* argument) noexcept {
  static PthreadCreate* const create =
      reinterpret_cast<PthreadCreate*>(dlsym(RTLD_NEXT, "pthread_create"));
  int error = create(thread, attributes, run, argument);
  Threads* const threads = source;
  if (error != EAGAIN || threads == nullptr || IsStartingSpare()) return error;
  for (int i = 0; i < kAttempts && error == EAGAIN; ++i) {
    // EAGAIN may be for the stack.
    const size_t stack = StackSize(attributes);
    if (!CanMap(stack) && LendMemory(stack)) {
      error = create(thread, attributes, run, argument);
      continue;
    }
    // Those that were let go before may still be on their way out.
    threads->LetSparesGo();
    std::this_thread::sleep_for(kPause);
    error = create(thread, attributes, run, argument);
  }
  return error;
}

#endif

}  // namespace standoff

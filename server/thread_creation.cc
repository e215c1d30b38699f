#include "server/thread_creation.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

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
    // Those that were let go before may still be on their way out.
    threads->LetSparesGo();
    std::this_thread::sleep_for(kPause);
    error = create(thread, attributes, run, argument);
  }
  return error;
}

#endif

}  // namespace standoff

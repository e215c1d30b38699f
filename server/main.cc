// standoffd: the daemon's command line.

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "lib/interruption.h"
#include "server/daemon.h"
#include "server/direct_syscalls.h"
#include "server/flags.h"
#include "server/instrumentation.h"
#include "server/logging.h"

namespace standoff {
namespace {

// Blocks SIGTERM and SIGINT in this thread and those it will start, so that
// main() can wait for them. A closed standard output must not end the daemon.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// From SIGTERM to the end. A sanitizer's findings come last, and take longer.
constexpr timeval kShutdownLimit = {.tv_sec = kIsInstrumented ? 4 : 1,
                                    .tv_usec = 800'000};

// Whatever gets stuck, in the kernel, in gRPC or in who reads the log: the
// process ends in time. By a timer of the kernel's, since there may be no
// thread to have.
void EndInTime() {
  signal(SIGALRM, [](int) { _exit(0); });
  const itimerval timer = {.it_interval = {}, .it_value = kShutdownLimit};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

// As many open files as the system allows.
void RaiseOpenFilesLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Of gRPC's threads. Much more than they use: what waits, and what reads names
// and files, has threads of its own (server/threads.h).
void SetStackSize() {
  constexpr size_t kStackSize = size_t{1} << 20;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

// Freed memory is kept for the next request, so much of it in each of malloc's
// arenas (mallopt(3)): to give it back to the system and fault it in again
// takes as long as to copy what it holds. A session that ends gives all of it
// back. An arena takes 64 MiB of address space for good, so there are a few
// only: more than there are threads that run.
void TuneMalloc() {
  constexpr int kMebibyte = 1 << 20;
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  mallopt(M_ARENA_MAX, 2 * std::max(processors, 2));
  mallopt(M_TRIM_THRESHOLD, 8 * kMebibyte);
  // What is larger has pages of its own.
  mallopt(M_MMAP_THRESHOLD, 4 * kMebibyte);
}

int Run(const Flags& flags) {
  const sigset_t signals = BlockSignals();
  SetUpLogging(flags.log_level);
  RaiseOpenFilesLimit();
  TuneMalloc();
  SetStackSize();
  // Signals are blocked above and never again, and the daemon does not fork.
  PrepareThreadsOnce();
  // gRPC's mutexes are Abseil's, which look for cycles at each lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  WaitByMonotonicClock();
  absl::StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(flags.daemon);
  if (!daemon.ok()) {
    std::cerr << "standoffd: " << daemon.status().message() << "\n";
    return 1;
  }
  for (const std::string& address : (*daemon)->addresses()) {
    std::cout << "standoffd: listening on " << address << "\n";
  }
  std::cout.flush();
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  EndInTime();
  LogShutdown(signal_number);
  (*daemon)->Shutdown();
  daemon->reset();
  FinishLogging();
  return 0;
}

}  // namespace
}  // namespace standoff

int main(int argc, char** argv) {
  standoff::Flags flags;
  const std::optional<int> exit_status =
      standoff::ParseFlags(argc, argv, flags);
  if (exit_status.has_value()) return *exit_status;
  return standoff::Run(flags);
}

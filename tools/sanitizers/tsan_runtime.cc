// What a program needs to be checked by ThreadSanitizer although Debian's gRPC,
// Protobuf and Abseil are not instrumented. Linked into every program of
// `--config=tsan` by tools/bazel/cc.bzl.
//
// ThreadSanitizer sees neither their locks nor their atomics, so it would take
// each hand-over of a request from one of gRPC's threads to another for a race.
// The functions below are the borders where such a hand-over can be told:
// absl::Mutex, and gRPC's completion queue, which gives back on one thread the
// tag that an operation was started with on another. They are defined here once
// more, because a program's own definition takes precedence over a shared
// library's; each calls the library's, and tells ThreadSanitizer of it.

#include <dlfcn.h>
#include <grpc/grpc.h>
#include <grpcpp/support/server_callback.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

// Debian's Abseil has its functions in this inline namespace.
#define STANDOFF_ABSL_SYMBOL(rest) "_ZN4absl7debian3" rest

namespace {

// Returns the library's own definition of a function.
template <typename Function>
Function* Next(const char* symbol) {
  void* const next = dlsym(RTLD_NEXT, symbol);
  if (next == nullptr) {
    std::fprintf(stderr, "tsan_runtime.cc: no library has %s any more\n",
                 symbol);
    std::abort();
  }
  return reinterpret_cast<Function*>(next);
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static auto* const next =
      Next<void(Mutex*)>(STANDOFF_ABSL_SYMBOL("5Mutex4LockEv"));
  next(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static auto* const next =
      Next<void(Mutex*)>(STANDOFF_ABSL_SYMBOL("5Mutex6UnlockEv"));
  __tsan_release(this);
  next(this);
}

bool Mutex::TryLock() {
  static auto* const next =
      Next<bool(Mutex*)>(STANDOFF_ABSL_SYMBOL("5Mutex7TryLockEv"));
  const bool locked = next(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void CondVar::Wait(Mutex* mutex) {
  static auto* const next = Next<void(CondVar*, Mutex*)>(
      STANDOFF_ABSL_SYMBOL("7CondVar4WaitEPNS0_5MutexE"));
  __tsan_release(mutex);
  next(this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static auto* const next =
      Next<bool(CondVar*, Mutex*, Duration)>(STANDOFF_ABSL_SYMBOL(
          "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE"));
  __tsan_release(mutex);
  const bool timed_out = next(this, mutex, timeout);
  __tsan_acquire(mutex);
  return timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static auto* const next =
      Next<bool(CondVar*, Mutex*, Time)>(STANDOFF_ABSL_SYMBOL(
          "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE"));
  __tsan_release(mutex);
  const bool timed_out = next(this, mutex, deadline);
  __tsan_acquire(mutex);
  return timed_out;
}

ABSL_NAMESPACE_END
}  // namespace absl

// The server counts, in an atomic that its own code as well as ours counts
// down, what a call still waits for before its reactor's OnCancel() and
// OnDone() run. Ours is instrumented, the library's is not: what it missed is
// made up for when the count has come to zero.
namespace grpc {
namespace internal {

void ServerCallbackCall::ScheduleOnDone(bool inline_ondone) {
  static auto* const next = Next<void(ServerCallbackCall*, bool)>(
      "_ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb");
  __tsan_acquire(&callbacks_outstanding_);
  next(this, inline_ondone);
}

void ServerCallbackCall::CallOnCancel(ServerReactor* reactor) {
  static auto* const next = Next<void(ServerCallbackCall*, ServerReactor*)>(
      "_ZN4grpc8internal18ServerCallbackCall12CallOnCancelEPNS0_"
      "13ServerReactorE");
  __tsan_acquire(&on_cancel_conditions_remaining_);
  if (reactor->InternalInlineable()) {
    next(this, reactor);
    return;
  }

  // The library calls OnCancel() on another thread, and counts down after it.
  class Reactor final : public ServerReactor {
   public:
    Reactor(ServerCallbackCall* call, ServerReactor* reactor)
        : call_(call), reactor_(reactor) {}
    void OnCancel() override {
      reactor_->OnCancel();
      __tsan_release(&call_->callbacks_outstanding_);
      delete this;
    }
    void OnDone() override {}

   private:
    ServerCallbackCall* const call_;
    ServerReactor* const reactor_;
  };
  next(this, new Reactor(this, reactor));
}

}  // namespace internal
}  // namespace grpc

extern "C" {

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops,
                                      size_t nops, void* tag, void* reserved) {
  static auto* const next =
      Next<decltype(grpc_call_start_batch)>("grpc_call_start_batch");
  __tsan_release(tag);
  return next(call, ops, nops, tag, reserved);
}

grpc_call_error grpc_server_request_call(
    grpc_server* server, grpc_call** call, grpc_call_details* details,
    grpc_metadata_array* request_metadata, grpc_completion_queue* bound_queue,
    grpc_completion_queue* notification_queue, void* tag) {
  static auto* const next =
      Next<decltype(grpc_server_request_call)>("grpc_server_request_call");
  __tsan_release(tag);
  return next(server, call, details, request_metadata, bound_queue,
              notification_queue, tag);
}

grpc_call_error grpc_server_request_registered_call(
    grpc_server* server, void* registered_method, grpc_call** call,
    gpr_timespec* deadline, grpc_metadata_array* request_metadata,
    grpc_byte_buffer** payload, grpc_completion_queue* bound_queue,
    grpc_completion_queue* notification_queue, void* tag) {
  static auto* const next = Next<decltype(grpc_server_request_registered_call)>(
      "grpc_server_request_registered_call");
  __tsan_release(tag);
  return next(server, registered_method, call, deadline, request_metadata,
              payload, bound_queue, notification_queue, tag);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue,
                                      gpr_timespec deadline, void* reserved) {
  static auto* const next =
      Next<decltype(grpc_completion_queue_next)>("grpc_completion_queue_next");
  const grpc_event event = next(queue, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag,
                                       gpr_timespec deadline, void* reserved) {
  static auto* const next = Next<decltype(grpc_completion_queue_pluck)>(
      "grpc_completion_queue_pluck");
  const grpc_event event = next(queue, tag, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(tag);
  return event;
}

// Called by ThreadSanitizer when the program starts. TSAN_OPTIONS overrides it.
const char* __tsan_default_options();
const char* __tsan_default_options() {
  // What an uninstrumented library does to memory through memcpy() or free() is
  // visible, the atomics by which it knows that it may are not.
  return "ignore_noninstrumented_modules=1";
}

}  // extern "C"

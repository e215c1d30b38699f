#include "lib/resolve.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

#include "absl/strings/string_view.h"
#include "lib/call.h"

namespace standoff {
namespace {

std::atomic<int> look_ups_running = 0;

// A look-up, shared by the thread that makes it and the one that waits for it,
// whichever is the last to need it.
class SharedLookUp {
 public:
  explicit SharedLookUp(const LookUp& look_up)
      : look_up_(look_up), done_(eventfd(0, EFD_CLOEXEC)) {}
  SharedLookUp(const SharedLookUp&) = delete;
  SharedLookUp& operator=(const SharedLookUp&) = delete;
  ~SharedLookUp() {
    if (done_ >= 0) close(done_);
  }

  // An eventfd, readable when Run() has ended; -1 if there is none.
  int done() const { return done_; }

  void Run() {
    addrinfo hints = {};
    hints.ai_family = look_up_.family;
    hints.ai_socktype = look_up_.type;
    hints.ai_protocol = look_up_.protocol;
    hints.ai_flags = look_up_.flags;
    const auto or_null = [](const std::string& text) {
      return text.empty() ? nullptr : text.c_str();
    };
    addrinfo* list = nullptr;
    error_ = getaddrinfo(or_null(look_up_.host), or_null(look_up_.service),
                         &hints, &list);
    system_error_ = error_ == EAI_SYSTEM ? errno : 0;
    if (error_ == 0) Take(list);
    finished_.store(true, std::memory_order_release);
    // Before anybody can hear of the end: who does may look up again.
    look_ups_running.fetch_sub(1);
    const uint64_t one = 1;
    // It can't fail: the counter is far from its maximum.
    [[maybe_unused]] const ssize_t written = write(done_, &one, sizeof one);
  }

  // The errno(3) of what it needs, 0 if it can be run.
  int start_error() const { return start_error_; }

  // What Run() found. For when it has ended.
  void MoveTo(Result<Resolved>& result) {
    // Makes the order of the threads plain to race detectors.
    while (!finished_.load(std::memory_order_acquire))
      std::this_thread::yield();
    result.outcome.syscall = "getaddrinfo";
    result.outcome.value = error_;
    result.value = std::move(resolved_);
    if (error_ == 0) return;
    result.outcome.ending = Ending::kFailed;
    result.outcome.lookup_error = error_;
    result.outcome.error = system_error_;
  }

 private:
  void Take(addrinfo* list) {
    for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
      const absl::string_view bytes(
          reinterpret_cast<const char*>(item->ai_addr), item->ai_addrlen);
      absl::StatusOr<Address> address = Address::FromBytes(bytes);
      if (!address.ok()) continue;
      resolved_.addresses.push_back({.family = item->ai_family,
                                     .type = item->ai_socktype,
                                     .protocol = item->ai_protocol,
                                     .address = *address});
      if (item->ai_canonname != nullptr && resolved_.canonical_name.empty()) {
        resolved_.canonical_name = item->ai_canonname;
      }
    }
    freeaddrinfo(list);
  }

  const LookUp look_up_;
  const int done_;
  const int start_error_ = done_ < 0 ? errno : 0;
  std::atomic<bool> finished_ = false;
  int error_ = 0;
  int system_error_ = 0;
  Resolved resolved_;
};

// getaddrinfo(3) would look up what stands before it.
bool HasNul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

Outcome FailLookUp(Call& call, int lookup_error, int error) {
  call.Fail("getaddrinfo", error);
  Outcome outcome = call.Finish(lookup_error);
  outcome.lookup_error = lookup_error;
  return outcome;
}

}  // namespace

Result<Resolved> Resolve(const LookUp& look_up, Interruption* interruption) {
  Call call(kBlocking, interruption);
  if (interruption != nullptr && interruption->requested()) {
    // Waits for nothing, and says so.
    call.WaitReady(-1, 0);
    return {call.Finish(), {}};
  }
  if (HasNul(look_up.host) || HasNul(look_up.service)) {
    return {FailLookUp(call, EAI_NONAME, 0), {}};
  }
  if (look_ups_running.fetch_add(1) >= kMaxLookUps) {
    look_ups_running.fetch_sub(1);
    return {FailLookUp(call, EAI_AGAIN, EAGAIN), {}};
  }
  auto shared = std::make_shared<SharedLookUp>(look_up);
  int error = shared->start_error();
  if (error == 0) {
    try {
      std::thread([shared] { shared->Run(); }).detach();
    } catch (const std::system_error& failure) {
      error = failure.code().value();
    }
  }
  if (error != 0) {
    look_ups_running.fetch_sub(1);
    return {FailLookUp(call, EAI_SYSTEM, error), {}};
  }
  Result<Resolved> result;
  const bool done = call.WaitReady(shared->done(), POLLIN);
  result.outcome = call.Finish();
  if (done) shared->MoveTo(result);
  return result;
}

}  // namespace standoff

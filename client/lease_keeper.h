// Renews the lease of a session in the background. For implementing
// RemoteSession.

#ifndef STANDOFF_CLIENT_LEASE_KEEPER_H_
#define STANDOFF_CLIENT_LEASE_KEEPER_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "standoff/v1/session_service.pb.h"

namespace standoff::client {

// A thread that renews a lease at a third of its length, and more often while
// that fails. Destroying it ends the thread at once: a renewal under way is
// cancelled. Status() is thread-safe.
class LeaseKeeper {
 public:
  // Starts a renewal.
  using Renew =
      std::function<Call<v1::KeepAliveResponse>(const CallOptions& options)>;

  // The lease was last renewed at `renewed`, which is not after the daemon's
  // own view of it.
  LeaseKeeper(Renew renew, absl::Duration lease,
              std::chrono::steady_clock::time_point renewed);
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;
  ~LeaseKeeper();

  // See RemoteSession::LeaseStatus().
  absl::Status Status() const;

 private:
  void Run();
  // Renews once and takes note of the result. False if there is nothing left
  // to renew.
  bool RenewOnce();

  const Renew renew_;
  const absl::Duration lease_;

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  // All guarded by `mutex_`.
  bool stopping_ = false;
  std::chrono::steady_clock::time_point renewed_;
  // Of the last renewal.
  absl::Status status_;
  // The renewal under way, or null.
  Call<v1::KeepAliveResponse>* call_ = nullptr;

  // Last: it uses the others.
  std::thread thread_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LEASE_KEEPER_H_

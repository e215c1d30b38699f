// That a call is in progress in a session.

#ifndef STANDOFF_SERVER_SESSIONS_SESSION_USE_H_
#define STANDOFF_SERVER_SESSIONS_SESSION_USE_H_

#include <memory>
#include <utility>

#include "server/sessions/session.h"

namespace standoff {

// A call in a session, from its beginning to its end: keeps its lease from
// lapsing.
class SessionUse {
 public:
  SessionUse() = default;
  explicit SessionUse(std::shared_ptr<Session> session)
      : session_(std::move(session)) {
    session_->lease().CallBegins();
  }
  SessionUse(SessionUse&&) = default;
  SessionUse& operator=(SessionUse&& other) noexcept {
    std::swap(session_, other.session_);
    return *this;
  }
  ~SessionUse() {
    if (session_ != nullptr) session_->lease().CallEnds();
  }

  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_.get(); }
  const std::shared_ptr<Session>& get() const { return session_; }

 private:
  std::shared_ptr<Session> session_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SESSIONS_SESSION_USE_H_

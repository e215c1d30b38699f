#include "client/cli/demo/poll_loop.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/status_macros.h"
#include "client/outcome.h"

namespace standoff::client {
namespace {

// Bytes in one call.
constexpr int64_t kChunk = 64 * 1024;

class PollLoop {
 public:
  PollLoop(const Host& host, const SocketRef& socket, const v1::Pattern& out,
           const v1::Pattern& in, int64_t length)
      : host_(host), socket_(socket), out_(out), in_(in), length_(length) {}

  absl::StatusOr<PollLoopResult> Run() {
    while (Sending() && result_.sent_until_full < 0) RETURN_IF_ERROR(Send());
    while (Sending() || Receiving()) {
      ASSIGN_OR_RETURN(v1::PollResult ready, Poll());
      for (int event : ready.events()) {
        if (event == v1::POLL_EVENT_IN && Receiving()) {
          RETURN_IF_ERROR(Receive());
        } else if (event == v1::POLL_EVENT_OUT && Sending()) {
          RETURN_IF_ERROR(Send());
        } else if (event != v1::POLL_EVENT_IN && event != v1::POLL_EVENT_OUT) {
          return absl::FailedPreconditionError(absl::StrCat(
              "poll says ", v1::PollEvent_Name(event), " of ", socket_.name()));
        }
      }
      if (result_.mismatch) break;
    }
    return result_;
  }

 private:
  bool Sending() const { return result_.sent < length_; }
  bool Receiving() const { return result_.received < length_; }

  absl::StatusOr<v1::PollResult> Poll() {
    ++result_.polls;
    v1::PollItem item = PollFor(socket_, {});
    if (Receiving()) item.add_events(v1::POLL_EVENT_IN);
    if (Sending()) item.add_events(v1::POLL_EVENT_OUT);
    ASSIGN_OR_RETURN(v1::PollResponse response,
                     host_.Poll({item}, absl::ToDoubleSeconds(kPatience)));
    if (response.ready_size() != 1) {
      return absl::DeadlineExceededError(
          absl::StrCat("poll ", Describe(response.outcome())));
    }
    return response.ready(0);
  }

  absl::Status Send() {
    ++result_.sends;
    v1::SendRequest request;
    *request.mutable_pattern() = out_;
    request.mutable_pattern()->set_offset(static_cast<uint64_t>(result_.sent));
    request.set_length(std::min(kChunk, length_ - result_.sent));
    const auto response = socket_.Run(request);
    if (response.ok() &&
        response->outcome().ending() == v1::ENDING_WOULD_BLOCK) {
      if (result_.sent_until_full < 0) result_.sent_until_full = result_.sent;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(MustReturn("send", response));
    result_.sent += response->outcome().value();
    return absl::OkStatus();
  }

  absl::Status Receive() {
    ++result_.receives;
    v1::ReceiveRequest request;
    *request.mutable_verify() = in_;
    request.mutable_verify()->set_offset(
        static_cast<uint64_t>(result_.received));
    request.set_length(std::min(kChunk, length_ - result_.received));
    const auto response = socket_.Run(request);
    RETURN_IF_ERROR(MustReturn("receive", response));
    if (response->outcome().value() == 0) {
      return absl::FailedPreconditionError("the stream ended early");
    }
    result_.received += response->outcome().value();
    result_.mismatch = result_.mismatch || response->has_mismatch();
    return absl::OkStatus();
  }

  const Host& host_;
  const SocketRef& socket_;
  const v1::Pattern& out_;
  const v1::Pattern& in_;
  const int64_t length_;
  PollLoopResult result_;
};

}  // namespace

Json PollLoopResult::ToJson() const {
  return {{"sent", sent},
          {"received", received},
          {"sentUntilFull", sent_until_full},
          {"mismatch", mismatch},
          {"polls", polls},
          {"sends", sends},
          {"receives", receives}};
}

absl::StatusOr<PollLoopResult> RunPollLoop(const Host& host,
                                           const SocketRef& socket,
                                           const v1::Pattern& out,
                                           const v1::Pattern& in,
                                           int64_t length) {
  return PollLoop(host, socket, out, in, length).Run();
}

}  // namespace standoff::client

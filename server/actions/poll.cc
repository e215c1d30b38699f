// Poll.

#include "lib/poll.h"

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/convert/bits.h"
#include "server/convert/field_error.h"
#include "server/convert/outcome.h"
#include "server/convert/time.h"

namespace standoff {
namespace {

// What the kernel has room for (struct pollfd).
constexpr int kAllEvents = 0xFFFF;

using Sockets = std::vector<std::shared_ptr<OpenSocket>>;

absl::StatusOr<Sockets> FindSockets(ActionContext& context,
                                    const v1::PollRequest& request) {
  if (request.items_size() > kMaxPollItems) {
    return FieldError("items", "has at most ", kMaxPollItems, " entries; got ",
                      request.items_size());
  }
  Sockets sockets;
  for (int i = 0; i < request.items_size(); ++i) {
    absl::StatusOr<std::shared_ptr<OpenSocket>> socket = context.sockets.Find(
        request.items(i).socket(), absl::StrCat("items[", i, "].socket"));
    if (!socket.ok()) return socket.status();
    const int events = BitsFromProto(request.items(i).events());
    if ((events & ~kAllEvents) != 0) {
      return FieldError(absl::StrCat("items[", i, "].events"),
                        "are 16 bits; got ", events);
    }
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

// A poll whose request was checked. The calls on its sockets begin with the
// first look and end with it: a close in between cancels it.
class SocketsPoll {
 public:
  SocketsPoll(const v1::PollRequest& request, Sockets sockets, SocketUse use,
              v1::PollResponse& response)
      : request_(request),
        sockets_(std::move(sockets)),
        use_(std::move(use)),
        response_(response) {}

  // NotFound if one of the sockets is being closed.
  absl::Status Perform(Timeout timeout, Interruption* interruption) {
    if (absl::Status status = Enter(interruption); !status.ok()) return status;
    std::vector<PollItem> items;
    for (size_t i = 0; i < sockets_.size(); ++i) {
      const v1::PollItem& item = request_.items(static_cast<int>(i));
      items.push_back(
          {.fd = sockets_[i]->socket().fd(),
           .events = static_cast<short>(BitsFromProto(item.events()))});
    }
    const Outcome outcome = Poll(absl::MakeSpan(items), timeout, interruption);
    OutcomeToProto(outcome, *response_.mutable_outcome());
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i].ready_events == 0) continue;
      v1::PollResult& ready = *response_.add_ready();
      ready.set_socket(sockets_[i]->name());
      BitsToProto<v1::PollEvent>(
          static_cast<unsigned short>(items[i].ready_events),
          ready.mutable_events());
    }
    return absl::OkStatus();
  }

  // False if it would have to wait.
  bool PerformAtOnce(Interruption* interruption) {
    const absl::Status status = Perform(kNonBlocking, interruption);
    if (status.ok() && response_.ready_size() > 0) return true;
    response_.Clear();
    return false;
  }

 private:
  absl::Status Enter(Interruption* interruption) {
    for (size_t i = calls_.size(); i < sockets_.size(); ++i) {
      calls_.emplace_back(*sockets_[i], interruption, use_);
    }
    for (size_t i = 0; i < sockets_.size(); ++i) {
      if (calls_[i].entered()) continue;
      return BeingClosed(*sockets_[i], absl::StrCat("items[", i, "].socket"));
    }
    return absl::OkStatus();
  }

  const v1::PollRequest& request_;
  const Sockets sockets_;
  const SocketUse use_;
  v1::PollResponse& response_;
  std::deque<SocketCall> calls_;
};

}  // namespace

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::PollRequest& request,
                                       v1::PollResponse& response) {
  absl::StatusOr<Timeout> timeout = TimeoutFromProto(request);
  if (!timeout.ok()) return timeout.status();
  absl::StatusOr<Sockets> sockets = FindSockets(context, request);
  if (!sockets.ok()) return sockets.status();
  PreparedAction action;
  action.may_wait = *timeout != Timeout(kNonBlocking);
  const auto poll = std::make_shared<SocketsPoll>(request, *std::move(sockets),
                                                  context.use, response);
  action.perform = [poll, timeout = *timeout](Interruption* interruption) {
    return poll->Perform(timeout, interruption);
  };
  if (action.may_wait) {
    action.perform_at_once = [poll](Interruption* interruption) {
      return poll->PerformAtOnce(interruption);
    };
  }
  return action;
}

}  // namespace standoff

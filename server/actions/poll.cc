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

absl::Status PollSockets(const v1::PollRequest& request, const Sockets& sockets,
                         Timeout timeout, Interruption* interruption,
                         v1::PollResponse& response) {
  std::deque<SocketCall> calls;
  std::vector<PollItem> items;
  for (size_t i = 0; i < sockets.size(); ++i) {
    if (!calls.emplace_back(*sockets[i], interruption).entered()) {
      return BeingClosed(*sockets[i], absl::StrCat("items[", i, "].socket"));
    }
    const v1::PollItem& item = request.items(static_cast<int>(i));
    items.push_back(
        {.fd = sockets[i]->socket().fd(),
         .events = static_cast<short>(BitsFromProto(item.events()))});
  }
  const Outcome outcome = Poll(absl::MakeSpan(items), timeout, interruption);
  *response.mutable_outcome() = OutcomeToProto(outcome);
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].ready_events == 0) continue;
    v1::PollResult& ready = *response.add_ready();
    ready.set_socket(sockets[i]->name());
    BitsToProto<v1::PollEvent>(
        static_cast<unsigned short>(items[i].ready_events),
        ready.mutable_events());
  }
  return absl::OkStatus();
}

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
  action.perform = [&request, &response, timeout = *timeout,
                    sockets = *sockets](Interruption* interruption) {
    return PollSockets(request, sockets, timeout, interruption, response);
  };
  if (action.may_wait) {
    action.perform_at_once =
        [&request, &response,
         sockets = *std::move(sockets)](Interruption* interruption) {
          const absl::Status status = PollSockets(
              request, sockets, Timeout(kNonBlocking), interruption, response);
          if (status.ok() && response.ready_size() > 0) return true;
          response.Clear();
          return false;
        };
  }
  return action;
}

}  // namespace standoff

#include "server/services/list_operations.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/convert/field_error.h"
#include "server/services/describe_operation.h"

namespace standoff {
namespace {

constexpr int kDefaultPageSize = 1000;
constexpr int kMaxPageSize = 1'000'000;

using Sessions = std::vector<std::shared_ptr<Session>>;

// Whether operations of that state are asked for.
bool HasState(const v1::OperationServiceListRequest& request,
              v1::OperationState state) {
  const auto& states = request.states();
  return states.empty() ||
         std::find(states.begin(), states.end(), state) != states.end();
}

bool Fits(const Operation& operation,
          const v1::OperationServiceListRequest& request) {
  if (operation.id() <= request.after_id()) return false;
  if (!request.actor().empty() && operation.actor() != request.actor()) {
    return false;
  }
  if (!request.socket().empty()) {
    const std::vector<std::string> sockets = operation.sockets();
    if (std::find(sockets.begin(), sockets.end(), request.socket()) ==
        sockets.end()) {
      return false;
    }
  }
  return HasState(request, operation.state());
}

absl::StatusOr<Sessions> ChooseSessions(
    SessionTable& sessions, const SessionUse& own,
    const v1::OperationServiceListRequest& request) {
  if (request.all_sessions()) {
    if (!request.session().empty()) {
      return FieldError("session", "does not go with all_sessions");
    }
    return sessions.All();
  }
  if (request.session().empty()) return Sessions{own.get()};
  // Only looked at: its lease goes on.
  for (auto& session : sessions.All()) {
    if (session->name() == request.session()) return Sessions{session};
  }
  return absl::NotFoundError("session: there is none of that name");
}

}  // namespace

absl::Status ListOperations(SessionTable& sessions, const SessionUse& own,
                            const v1::OperationServiceListRequest& request,
                            v1::OperationServiceListResponse& response) {
  if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
    return FieldError("page_size", "must be 0 to ", kMaxPageSize, "; got ",
                      request.page_size());
  }
  const size_t page_size = request.page_size() == 0
                               ? size_t{kDefaultPageSize}
                               : static_cast<size_t>(request.page_size());
  const absl::StatusOr<Sessions> chosen =
      ChooseSessions(sessions, own, request);
  if (!chosen.ok()) return chosen.status();
  using Found = std::pair<std::shared_ptr<Operation>, Session*>;
  std::vector<Found> found;
  for (const auto& session : *chosen) {
    for (auto& operation : session->operations().All()) {
      if (!Fits(*operation, request)) continue;
      found.emplace_back(std::move(operation), session.get());
    }
    response.set_dropped(response.dropped() + session->operations().dropped());
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.first->id() < b.first->id();
  });
  for (const auto& [operation, session] : found) {
    if (static_cast<size_t>(response.operations_size()) == page_size) {
      response.set_more(true);
      break;
    }
    v1::Operation described =
        DescribeOperation(*operation, session->sockets(),
                          request.brief() ? Detail::kBrief : Detail::kFull);
    // It may have changed meanwhile.
    if (!HasState(request, described.state())) continue;
    *response.add_operations() = std::move(described);
  }
  return absl::OkStatus();
}

}  // namespace standoff

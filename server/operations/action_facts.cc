#include "server/operations/action_facts.h"

#include "server/actions/action_list.h"

namespace standoff {
namespace {

template <typename Request>
std::vector<std::string> SocketsIn(const Request& request) {
  if constexpr (requires { request.socket(); }) return {request.socket()};
  return {};
}

std::vector<std::string> SocketsIn(const v1::PollRequest& request) {
  std::vector<std::string> sockets;
  for (const v1::PollItem& item : request.items()) {
    sockets.push_back(item.socket());
  }
  return sockets;
}

template <typename Response>
const v1::Outcome* OutcomeIn(const Response& response) {
  if constexpr (requires { response.outcome(); }) return &response.outcome();
  return nullptr;
}

}  // namespace

const char* MethodOf(const v1::Action& action) {
  switch (action.request_case()) {
#define STANDOFF_CASE(Method, field, Request, Response) \
  case v1::Action::k##Method:                           \
    return #Method;
    STANDOFF_FOR_EACH_ACTION(STANDOFF_CASE)
#undef STANDOFF_CASE
    case v1::Action::REQUEST_NOT_SET:
      break;
  }
  return "";
}

std::vector<std::string> SocketsOf(const v1::Action& action) {
  switch (action.request_case()) {
#define STANDOFF_CASE(Method, field, Request, Response) \
  case v1::Action::k##Method:                           \
    return SocketsIn(action.field());
    STANDOFF_FOR_EACH_ACTION(STANDOFF_CASE)
#undef STANDOFF_CASE
    case v1::Action::REQUEST_NOT_SET:
      break;
  }
  return {};
}

const v1::Outcome* OutcomeOf(const v1::ActionReply& reply) {
  switch (reply.reply_case()) {
#define STANDOFF_CASE(Method, field, Request, Response) \
  case v1::ActionReply::k##Method:                      \
    return OutcomeIn(reply.field());
    STANDOFF_FOR_EACH_ACTION(STANDOFF_CASE)
#undef STANDOFF_CASE
    case v1::ActionReply::kRefusal:
    case v1::ActionReply::REPLY_NOT_SET:
      break;
  }
  return nullptr;
}

}  // namespace standoff

#include "server/services/operation_service.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/convert/field_error.h"
#include "server/convert/name.h"
#include "server/convert/time.h"
#include "server/services/call_session.h"
#include "server/services/describe_operation.h"
#include "server/services/execute_stream.h"
#include "server/services/list_operations.h"
#include "server/services/operations_call.h"
#include "server/services/reply.h"
#include "server/services/start_program.h"
#include "server/services/watch_stream.h"

namespace standoff {
namespace {

// For operations to end that were cancelled.
constexpr absl::Duration kCancelPatience = absl::Seconds(5);

template <typename Request>
absl::StatusOr<OperationWaiter::Operations> FindAll(OperationTable& table,
                                                    const Request& request) {
  OperationWaiter::Operations operations;
  for (int i = 0; i < request.ids_size(); ++i) {
    absl::StatusOr<std::shared_ptr<Operation>> operation =
        table.Find(request.ids(i), absl::StrCat("ids[", i, "]"));
    if (!operation.ok()) return operation.status();
    operations.push_back(*std::move(operation));
  }
  return operations;
}

// What to reply with `operations` in the state that they are in then.
template <typename Request, typename Response>
void SetOperations(const Request& request,
                   const OperationWaiter::Operations& operations,
                   Session& session, Response& response) {
  const Detail detail = request.brief() ? Detail::kBrief : Detail::kFull;
  response.clear_operations();
  for (const auto& operation : operations) {
    *response.add_operations() =
        DescribeOperation(*operation, session.sockets(), detail);
  }
}

absl::StatusOr<OperationsCall::Condition> ConditionOf(
    OperationTable& table, const v1::WaitRequest& request) {
  OperationsCall::Condition condition;
  absl::StatusOr<Timeout> timeout = TimeoutFromProto(request);
  if (!timeout.ok()) return timeout.status();
  condition.timeout = *timeout;
  if (!v1::WaitCondition_IsValid(request.condition())) {
    return FieldError("condition",
                      "must be WAIT_CONDITION_ENDED or _BLOCKED; got ",
                      static_cast<int>(request.condition()));
  }
  condition.until_blocked = request.condition() == v1::WAIT_CONDITION_BLOCKED;
  condition.any = request.any();
  if (request.ids().empty()) {
    return FieldError("ids", "is empty; give at least one");
  }
  absl::StatusOr<OperationWaiter::Operations> operations =
      FindAll(table, request);
  if (!operations.ok()) return operations.status();
  condition.operations = *std::move(operations);
  return condition;
}

using States = std::vector<v1::OperationState>;

States StatesOf(const OperationWaiter::Operations& operations) {
  States states;
  for (const auto& operation : operations) states.push_back(operation->state());
  return states;
}

States StatesOf(
    const google::protobuf::RepeatedPtrField<v1::Operation>& operations) {
  States states;
  for (const auto& operation : operations) states.push_back(operation.state());
  return states;
}

// Whether operations in these states are as the request waits for.
bool AreAsWaitedFor(const v1::WaitRequest& request, const States& states) {
  const bool until_blocked = request.condition() == v1::WAIT_CONDITION_BLOCKED;
  const auto fits = [&](v1::OperationState state) {
    return OperationWaiter::Fits(state, until_blocked);
  };
  return request.any() ? std::any_of(states.begin(), states.end(), fits)
                       : std::all_of(states.begin(), states.end(), fits);
}

// Those to cancel.
absl::StatusOr<OperationWaiter::Operations> OperationsToCancel(
    OperationTable& table, const v1::CancelRequest& request) {
  if (request.ids().empty() && request.actor().empty()) {
    return FieldError("ids", "is empty; give at least one, or an actor");
  }
  if (!request.actor().empty()) {
    absl::Status status = CheckName(request.actor(), "actor");
    if (!status.ok()) return status;
  }
  absl::StatusOr<OperationWaiter::Operations> operations =
      FindAll(table, request);
  if (!operations.ok() || request.actor().empty()) return operations;
  for (auto& operation : table.InProgress()) {
    if (operation->actor() == request.actor()) {
      operations->push_back(std::move(operation));
    }
  }
  return operations;
}

// The last one first, so that no queued one begins when one before it ends.
void CancelAll(OperationWaiter::Operations operations) {
  std::sort(operations.begin(), operations.end(),
            [](const auto& a, const auto& b) { return a->id() > b->id(); });
  for (const auto& operation : operations) operation->Cancel();
}

}  // namespace

grpc::ServerUnaryReactor* OperationServiceImpl::Start(
    grpc::CallbackServerContext* context, const v1::StartRequest* request,
    v1::StartResponse* response) {
  absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  return ReplyWith(*context, StartProgram(**session, *request, *response));
}

grpc::ServerUnaryReactor* OperationServiceImpl::Wait(
    grpc::CallbackServerContext* context, const v1::WaitRequest* request,
    v1::WaitResponse* response) {
  absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  absl::StatusOr<OperationsCall::Condition> condition =
      ConditionOf((*session)->operations(), *request);
  if (!condition.ok()) return ReplyWith(*context, condition.status());
  auto reply = [session = session->get(), operations = condition->operations,
                request, response](bool timed_out) {
    // To describe them takes longer than to look.
    if (!timed_out && !AreAsWaitedFor(*request, StatesOf(operations))) {
      return false;
    }
    SetOperations(*request, operations, *session, *response);
    const bool holds =
        AreAsWaitedFor(*request, StatesOf(response->operations()));
    response->set_timed_out(timed_out && !holds);
    return holds;
  };
  return new OperationsCall(*std::move(session), *std::move(condition),
                            std::move(reply));
}

grpc::ServerUnaryReactor* OperationServiceImpl::Cancel(
    grpc::CallbackServerContext* context, const v1::CancelRequest* request,
    v1::CancelResponse* response) {
  absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  absl::StatusOr<OperationWaiter::Operations> operations =
      OperationsToCancel((*session)->operations(), *request);
  if (!operations.ok()) return ReplyWith(*context, operations.status());
  CancelAll(*operations);
  auto reply = [session = session->get(), operations = *operations, request,
                response](bool) {
    SetOperations(*request, operations, *session, *response);
    return true;
  };
  OperationsCall::Condition condition = {.operations = *std::move(operations),
                                         .timeout = Timeout(kCancelPatience)};
  return new OperationsCall(*std::move(session), std::move(condition),
                            std::move(reply));
}

grpc::ServerUnaryReactor* OperationServiceImpl::Get(
    grpc::CallbackServerContext* context, const v1::GetRequest* request,
    v1::GetResponse* response) {
  absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  absl::StatusOr<std::shared_ptr<Operation>> operation =
      (*session)->operations().Find(request->id(), "id");
  if (!operation.ok()) return ReplyWith(*context, operation.status());
  *response->mutable_operation() =
      DescribeOperation(**operation, (*session)->sockets(), Detail::kFull);
  return ReplyWith(*context, absl::OkStatus());
}

grpc::ServerUnaryReactor* OperationServiceImpl::List(
    grpc::CallbackServerContext* context,
    const v1::OperationServiceListRequest* request,
    v1::OperationServiceListResponse* response) {
  absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  return ReplyWith(
      *context, ListOperations(host_.sessions, *session, *request, *response));
}

grpc::ServerWriteReactor<v1::WatchResponse>* OperationServiceImpl::Watch(
    grpc::CallbackServerContext* context, const v1::WatchRequest* request) {
  return new WatchStream(UseSession(host_.sessions, *context),
                         request->from_sequence());
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
OperationServiceImpl::Execute(grpc::CallbackServerContext* context) {
  return new ExecuteStream(UseSession(host_.sessions, *context));
}

}  // namespace standoff

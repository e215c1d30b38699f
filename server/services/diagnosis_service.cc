#include "server/services/diagnosis_service.h"

#include <utility>

#include "absl/status/statusor.h"
#include "client/diagnosis/diagnose.h"
#include "server/services/call_session.h"
#include "server/services/reply.h"
#include "server/services/threaded_call.h"

namespace standoff {

grpc::ServerUnaryReactor* DiagnosisServiceImpl::Diagnose(
    grpc::CallbackServerContext* context, const v1::DiagnoseRequest* request,
    v1::DiagnoseResponse* response) {
  absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context);
  if (!session.ok()) return ReplyWith(*context, session.status());
  return new ThreadedCall(
      host_.resources.threads, "Diagnose",
      [session = *std::move(session), request, response]() -> absl::Status {
        absl::StatusOr<v1::Diagnosis> diagnosis = client::Diagnose(*request);
        if (!diagnosis.ok()) return diagnosis.status();
        *response->mutable_diagnosis() = *std::move(diagnosis);
        return absl::OkStatus();
      });
}

}  // namespace standoff

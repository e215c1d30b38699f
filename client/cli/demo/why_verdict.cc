// After the acts: the verdict.

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/demo/acts.h"
#include "client/cli/demo/mutual_send.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/status_macros.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "client/cli/why_report.h"
#include "client/diagnosis/observe.h"

namespace standoff::client {
namespace {

// What an act's figures may take of a line.
constexpr size_t kColumns = 76;

}  // namespace

absl::Status PlayWhy(const Stage& stage, Act& act) {
  ASSIGN_OR_RETURN(const MutualSend sends, StartMutualSend(stage));
  RETURN_IF_ERROR(AwaitStuck(stage, sends).status());
  v1::Diagnosis diagnosis;
  // A probe of a peer's window may still move some bytes at first.
  const absl::Status proved =
      Await("the proof of the deadlock", [&]() -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(diagnosis,
                         Why({stage.left().host, stage.right().host}));
        return diagnosis.verdict() == v1::VERDICT_DEADLOCK;
      });
  act.Say(
      "The deadlock of act 4 once more. This is what `standoff why` says of "
      "it, from two snapshots of each host:");
  const std::string report = RenderWhy(diagnosis, Style(false), kColumns);
  for (absl::string_view line :
       absl::StrSplit(absl::StripSuffix(report, "\n"), '\n')) {
    act.Figure(line);
  }
  act.Record("diagnosis", ToJson(diagnosis));
  RETURN_IF_ERROR(proved);
  const bool names_both =
      diagnosis.deadlocks(0).calls_size() == 2 &&
      std::all_of(diagnosis.blocked().begin(), diagnosis.blocked().end(),
                  [](const v1::BlockedCall& call) {
                    return call.caller().actor() == call.caller().host();
                  });
  act.Expect(
      diagnosis.deadlocks_size() == 1 &&
          diagnosis.deadlocks(0).proof() == v1::PROOF_PROVED && names_both,
      "a proved deadlock of left's and right's send", diagnosis.sentence());
  return absl::OkStatus();
}

}  // namespace standoff::client

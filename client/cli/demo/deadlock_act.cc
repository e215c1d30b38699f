// Act 4: a deadlock, and the proof that it is one.

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/demo/acts.h"
#include "client/cli/demo/look.h"
#include "client/cli/demo/mutual_send.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/status_macros.h"
#include "client/cli/terminal.h"
#include "client/outcome.h"

namespace standoff::client {
namespace {

// How far two looks are apart.
constexpr absl::Duration kPeriod = absl::Seconds(1);
// A probe of the peer's window may still move some bytes in the first period.
constexpr int kPeriods = 4;

constexpr char kRow[] = "%-10s %-6s %13s %11s %13s  %s";

void AddRow(absl::string_view when, const EndLook& end, Act& act) {
  act.Figure(absl::StrFormat(
      kRow, when, end.name, FormatCount(end.socket().receive_queue()),
      FormatCount(end.socket().send_queue()),
      FormatCount(end.socket().tcp_info().bytes_acknowledged()),
      end.StateText()));
}

void AddTable(const Look& before, const Look& after, Act& act) {
  act.Figure(absl::StrFormat(kRow, "", "", "receive queue", "send queue",
                             "acknowledged", "its send is"));
  AddRow("first look", before.left, act);
  AddRow("", before.right, act);
  AddRow("1 s later", after.left, act);
  AddRow("", after.right, act);
}

std::string FiguresText(const Look& look) {
  const auto text = [](const EndLook& end) {
    return absl::StrCat(end.name, ": ", end.StateText(), ", receive queue ",
                        end.socket().receive_queue(), ", send queue ",
                        end.socket().send_queue(), ", acknowledged ",
                        end.socket().tcp_info().bytes_acknowledged());
  };
  return absl::StrCat(text(look.left), "; ", text(look.right));
}

}  // namespace

absl::Status PlayMutualSend(const Stage& stage, Act& act) {
  ASSIGN_OR_RETURN(MutualSend sends, StartMutualSend(stage));
  ASSIGN_OR_RETURN(Look after, AwaitStuck(stage, sends));
  Look before;
  for (int period = 0; period < kPeriods; ++period) {
    before = std::move(after);
    // The observation: neither send may end in it.
    ASSIGN_OR_RETURN(const v1::WaitResponse waited,
                     sends.left.Async().Wait(kPeriod).Get());
    if (!waited.timed_out()) break;
    ASSIGN_OR_RETURN(after,
                     LookWhenBothBlocked(stage, sends.left, sends.right));
    if (SameFigures(before, after)) break;
  }

  act.Say(absl::StrCat(
      "Both ends send ", FormatCount(kMutualLength),
      " bytes with a blocking send, and neither receives until its own send is "
      "through. The buffers are small (SO_SNDBUF and SO_RCVBUF of ",
      FormatCount(kBufferSize),
      " bytes), so each send fills the peer's receive queue, then its own send "
      "queue, and sleeps until the peer reads. But the peer is asleep in its "
      "own send, for the same reason."));
  act.Say(absl::StrCat("left has ",
                       FormatCount(after.left.socket().receive_queue()),
                       " bytes in its receive queue and ",
                       FormatCount(after.left.socket().send_queue()),
                       " in its send queue, right ",
                       FormatCount(after.right.socket().receive_queue()),
                       " and ", FormatCount(after.right.socket().send_queue()),
                       ". left sends in an actor, and ",
                       after.left.ThreadClause(), "; at right likewise."));
  if (SameFigures(before, after)) {
    act.Say(
        "Two looks, one second apart, show the same figures: not one byte has "
        "moved. Nothing is broken, and no error will ever come. Each waits for "
        "the other: a deadlock.");
  }
  AddTable(before, after, act);
  act.Record("firstLook", {before.left.ToJson(), before.right.ToJson()});
  act.Record("secondLook", {after.left.ToJson(), after.right.ToJson()});
  act.Expect(IsStuck(before) && IsStuck(after),
             "both ends blocked in sendto, and all four queues full",
             absl::StrCat(FiguresText(before), "; then ", FiguresText(after)));
  act.Expect(SameFigures(before, after), "no byte moved between the two looks",
             absl::StrCat(FiguresText(before), "; then ", FiguresText(after)));
  return absl::OkStatus();
}

}  // namespace standoff::client

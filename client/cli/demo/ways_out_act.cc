// Act 5: three ways out of the deadlock, each from a fresh start.

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/demo/acts.h"
#include "client/cli/demo/look.h"
#include "client/cli/demo/mutual_send.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/poll_loop.h"
#include "client/cli/demo/status_macros.h"
#include "client/cli/terminal.h"
#include "client/outcome.h"
#include "client/remote_operation.h"

namespace standoff::client {
namespace {

std::string ReceiveText(const v1::ReceiveResponse& received) {
  return absl::StrCat(
      Describe(received.outcome()),
      received.has_mismatch()
          ? absl::StrCat(", byte ", received.mismatch().position(),
                         " is not what was sent")
          : ", as sent");
}

// Notes a receive that was compared with what the peer sent.
void CheckReceive(const std::string& who, const v1::ReceiveResponse& received,
                  int64_t length, Act& act) {
  act.Figure(absl::StrCat(who, " Receive"), received.outcome());
  act.Expect(Returned(received.outcome()) &&
                 received.outcome().value() == length &&
                 !received.has_mismatch(),
             absl::StrCat(who, " receives ", length, " bytes, as sent"),
             ReceiveText(received));
}

void CheckSend(const std::string& who, const v1::SendResponse& sent, Act& act) {
  act.Figure(absl::StrCat(who, " Send"), sent.outcome());
  act.Expect(
      Returned(sent.outcome()) && sent.outcome().value() == kMutualLength,
      absl::StrCat(who, " sends ", kMutualLength, " bytes"),
      Describe(sent.outcome()));
}

// What comes of operations that must end.
absl::StatusOr<v1::SendResponse> FinishSend(const RemoteOperation& send) {
  return send.AwaitReply<v1::SendResponse>(kPatience);
}
absl::StatusOr<v1::ReceiveResponse> FinishReceive(
    const RemoteOperation& receive) {
  return receive.AwaitReply<v1::ReceiveResponse>(kPatience);
}

absl::Status PlaySecondThread(const Stage& stage, Act& act) {
  act.Begin("A second thread that reads");
  ASSIGN_OR_RETURN(MutualSend sends, StartMutualSend(stage));
  ASSIGN_OR_RETURN(Look stuck, AwaitStuck(stage, sends));
  ASSIGN_OR_RETURN(const RemoteOperation at_left,
                   stage.left()
                       .host.Actor("left-reader")
                       .Start(VerifyPattern(sends.pair.left, RightPattern())));
  ASSIGN_OR_RETURN(const RemoteOperation at_right,
                   stage.right()
                       .host.Actor("right-reader")
                       .Start(VerifyPattern(sends.pair.right, LeftPattern())));
  ASSIGN_OR_RETURN(const auto left_sent, FinishSend(sends.left));
  ASSIGN_OR_RETURN(const auto right_sent, FinishSend(sends.right));
  ASSIGN_OR_RETURN(const auto left_received, FinishReceive(at_left));
  ASSIGN_OR_RETURN(const auto right_received, FinishReceive(at_right));

  act.Say(absl::StrCat(
      "The same deadlock, with ", FormatCount(stuck.left.socket().send_queue()),
      " bytes stuck in left's send queue and ",
      FormatCount(stuck.right.socket().send_queue()),
      " in right's. Now a second actor at each end, which is a second "
      "thread, receives on the same socket, while the first still sleeps in "
      "its send. A socket's two "
      "directions are independent: the readers empty the queues, the senders "
      "wake, and all ",
      FormatCount(kMutualLength), " bytes go each way, ",
      FormatSeconds(std::max(Elapsed(left_received.outcome()),
                             Elapsed(right_received.outcome()))),
      " after the readers came. Every byte was compared with what was sent."));
  CheckSend("left ", left_sent, act);
  CheckSend("right", right_sent, act);
  CheckReceive("left ", left_received, kMutualLength, act);
  CheckReceive("right", right_received, kMutualLength, act);
  act.Record("secondThread", {{"leftSend", ToJson(left_sent)},
                              {"rightSend", ToJson(right_sent)},
                              {"leftReceive", ToJson(left_received)},
                              {"rightReceive", ToJson(right_received)}});
  return absl::OkStatus();
}

absl::Status PlayPoll(const Stage& stage, Act& act) {
  act.Begin("Non-blocking sockets and poll");
  ASSIGN_OR_RETURN(TcpPair pair, ConnectPair(stage, kBufferSize));
  RETURN_IF_ERROR(MustReturn("left's mode", pair.left.SetBlocking(false)));
  RETURN_IF_ERROR(MustReturn("right's mode", pair.right.SetBlocking(false)));
  // Each end's program has one thread.
  absl::StatusOr<PollLoopResult> right;
  std::thread right_program([&] {
    right = RunPollLoop(stage.right().host, pair.right, RightPattern(),
                        LeftPattern(), kMutualLength);
  });
  absl::StatusOr<PollLoopResult> left =
      RunPollLoop(stage.left().host, pair.left, LeftPattern(), RightPattern(),
                  kMutualLength);
  right_program.join();
  RETURN_IF_ERROR(left.status());
  RETURN_IF_ERROR(right.status());

  act.Say(absl::StrCat(
      "Each end has one thread again, but its socket is non-blocking, so no "
      "call ever sleeps on one direction while the other has work. Both send "
      "first. After ",
      FormatCount(left->sent_until_full), " bytes left's send said EAGAIN, ",
      "after ", FormatCount(right->sent_until_full),
      " right's: that is where a blocking send would have slept for good. "
      "Instead each asks poll until its socket can be read or written, and "
      "does what can be done. left got through with ",
      left->polls, " polls, ", left->sends, " sends and ", left->receives,
      " receives; right with ", right->polls, ", ", right->sends, " and ",
      right->receives, "."));
  for (const auto& [who, result] :
       {std::pair("left", &*left), std::pair("right", &*right)}) {
    act.Figure(absl::StrFormat("%-6s sent %s and received %s bytes", who,
                               FormatCount(result->sent),
                               FormatCount(result->received)));
    act.Expect(
        result->sent_until_full > 0 && result->sent_until_full < kMutualLength,
        absl::StrCat(who, "'s send would block before all is sent"),
        absl::StrCat("it sent ", result->sent_until_full, " bytes"));
    act.Expect(
        result->sent == kMutualLength && result->received == kMutualLength &&
            !result->mismatch,
        absl::StrCat(who, " sends and receives all, as sent"),
        absl::StrCat("sent ", result->sent, ", received ", result->received,
                     result->mismatch ? ", not as sent" : ""));
    act.Record(absl::StrCat("poll-", who), result->ToJson());
  }
  return absl::OkStatus();
}

absl::Status PlaySendTimeout(const Stage& stage, Act& act) {
  constexpr double kTimeout = 0.5;
  act.Begin("A timeout on the send");
  ASSIGN_OR_RETURN(MutualSend sends, StartMutualSend(stage, kTimeout));
  ASSIGN_OR_RETURN(const auto left_sent, FinishSend(sends.left));
  // From here on left only reads, for as long as it takes.
  RETURN_IF_ERROR(MustReturn("left's mode", sends.pair.left.SetBlocking(true)));
  ASSIGN_OR_RETURN(const RemoteOperation at_left,
                   stage.left().host.Actor("left").Start(
                       VerifyPattern(sends.pair.left, RightPattern())));
  ASSIGN_OR_RETURN(const auto left_received, FinishReceive(at_left));
  ASSIGN_OR_RETURN(const auto right_sent, FinishSend(sends.right));
  const auto part = static_cast<int64_t>(left_sent.bytes_sent());
  ASSIGN_OR_RETURN(const RemoteOperation at_right,
                   stage.right().host.Actor("right").Start(
                       VerifyPattern(sends.pair.right, LeftPattern(), part)));
  ASSIGN_OR_RETURN(const auto right_received, FinishReceive(at_right));

  act.Say(absl::StrCat(
      "Both send and neither reads, but left's socket has a timeout of ",
      FormatSeconds(absl::Seconds(kTimeout)), ". After ",
      FormatSeconds(Elapsed(left_sent.outcome())),
      " its send gives up and says that ", FormatCount(left_sent.bytes_sent()),
      " of ", FormatCount(kMutualLength),
      " bytes went out; they are on their way and not lost. left now reads "
      "instead. That makes room, and right's send, which had slept for ",
      FormatSeconds(Blocked(right_sent.outcome())),
      ", goes through whole. Then right reads what left had sent. One of the "
      "two must give way, and must remember how far it got."));
  act.Figure("left  Send", left_sent.outcome());
  CheckReceive("left ", left_received, kMutualLength, act);
  CheckSend("right", right_sent, act);
  CheckReceive("right", right_received, part, act);
  act.Expect(left_sent.outcome().ending() == v1::ENDING_TIMED_OUT,
             "left's send times out", Describe(left_sent.outcome()));
  act.Expect(part > 0 && part < kMutualLength, "left sent a part of its bytes",
             absl::StrCat(part));
  act.Record("timeout", {{"leftSend", ToJson(left_sent)},
                         {"leftReceive", ToJson(left_received)},
                         {"rightSend", ToJson(right_sent)},
                         {"rightReceive", ToJson(right_received)}});
  return absl::OkStatus();
}

}  // namespace

absl::Status PlayWaysOut(const Stage& stage, Act& act) {
  RETURN_IF_ERROR(PlaySecondThread(stage, act));
  RETURN_IF_ERROR(PlayPoll(stage, act));
  return PlaySendTimeout(stage, act);
}

}  // namespace standoff::client

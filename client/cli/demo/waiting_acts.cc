// Acts 1 to 3: what waiting means.

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/demo/acts.h"
#include "client/cli/demo/look.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/status_macros.h"
#include "client/cli/terminal.h"
#include "client/outcome.h"
#include "client/remote_operation.h"

namespace standoff::client {
namespace {

constexpr int64_t kLength = 100;

std::string QueueText(const v1::SocketDescription& socket) {
  return absl::StrCat(FormatCount(socket.receive_queue()),
                      socket.receive_queue() == 1 ? " byte" : " bytes");
}

}  // namespace

absl::Status PlayBlockingReceive(const Stage& stage, Act& act) {
  ASSIGN_OR_RETURN(TcpPair pair, ConnectPair(stage));
  v1::ReceiveRequest request;
  request.set_socket(pair.right.name());
  request.set_length(kLength);
  // An actor performs it, so that other questions are answered meanwhile.
  ASSIGN_OR_RETURN(const RemoteOperation receive,
                   stage.right().host.Actor("right").Start(request));
  ASSIGN_OR_RETURN(const EndLook look, LookWhenBlocked(stage.right(), receive));
  act.Say(absl::StrCat(
      "left and right have a TCP connection. right asks for up to ", kLength,
      " bytes, but nothing has been sent. A socket is blocking unless told "
      "otherwise, so the call does not fail: it sleeps. Asked to say when the "
      "call is blocked, right's daemon answers that ",
      look.ThreadClause(), ", and that ", QueueText(look.socket()),
      " are in the socket's receive queue",
      ". It would sleep for ever if nothing came."));
  act.Record("whileBlocked", look.ToJson());
  act.Expect(look.BlockedIn("recvfrom"), "right's receive blocked in recvfrom",
             look.StateText());
  act.Expect(look.socket().receive_queue() == 0, "an empty receive queue",
             QueueText(look.socket()));

  const auto sent = pair.left.Send("hello");
  RETURN_IF_ERROR(MustReturn("left's send", sent));
  ASSIGN_OR_RETURN(const auto received,
                   receive.AwaitReply<v1::ReceiveResponse>(kPatience));
  const v1::Outcome& outcome = received.outcome();
  act.Say(absl::StrCat(
      "Then left sends 5 bytes. They wake the thread, and the receive returns "
      "them, after ",
      FormatSeconds(Elapsed(outcome)), ", of which it was blocked for ",
      FormatSeconds(Blocked(outcome)), "."));
  act.Figure("left  Send", sent->outcome());
  act.Figure("right Receive", outcome);
  act.Record("receive", ToJson(received));
  act.Expect(Returned(outcome) && received.data() == "hello",
             "the receive returns the 5 bytes \"hello\"",
             absl::StrCat(Describe(outcome), " \"", received.data(), "\""));
  act.Expect(Blocked(outcome) > absl::ZeroDuration(), "it was blocked",
             FormatSeconds(Blocked(outcome)));
  return absl::OkStatus();
}

absl::Status PlayNonBlockingReceive(const Stage& stage, Act& act) {
  ASSIGN_OR_RETURN(TcpPair pair, ConnectPair(stage));
  RETURN_IF_ERROR(
      MustReturn("non-blocking mode", pair.right.SetBlocking(false)));
  ASSIGN_OR_RETURN(v1::DescribeResponse described, pair.right.Describe());
  const v1::SocketDescription& socket = described.socket();
  ASSIGN_OR_RETURN(v1::ReceiveResponse received, pair.right.Receive(kLength));
  const v1::Outcome& outcome = received.outcome();
  act.Say(absl::StrCat(
      "Again nothing has been sent, and right asks for up to ", kLength,
      " bytes. But now its socket is non-blocking: the kernel's flag "
      "O_NONBLOCK is ",
      socket.o_nonblock() ? "set" : "not set", ". There are ",
      QueueText(socket),
      " to be had, the kernel may not put the caller to sleep, and so the call "
      "comes back at once, after ",
      FormatSeconds(Elapsed(outcome)), ", and says ", outcome.error().name(),
      " (\"", outcome.error().message(),
      "\"). That is no failure of the connection; it only means: not now."));
  act.Figure("right Receive", outcome);
  act.Record("before", ToJson(socket));
  act.Record("receive", ToJson(received));
  act.Expect(socket.o_nonblock(), "O_NONBLOCK is set", "it is not");
  act.Expect(
      outcome.ending() == v1::ENDING_WOULD_BLOCK && HasError(outcome, "EAGAIN"),
      "the receive would block (EAGAIN)", Describe(outcome));
  // A call that slept would sleep for ever; this leaves room for a busy
  // machine.
  act.Expect(Elapsed(outcome) < absl::Seconds(1), "at once",
             FormatSeconds(Elapsed(outcome)));
  return absl::OkStatus();
}

absl::Status PlayTimeout(const Stage& stage, Act& act) {
  constexpr double kTimeout = 0.5;
  ASSIGN_OR_RETURN(TcpPair pair, ConnectPair(stage));
  RETURN_IF_ERROR(MustReturn("timeout", pair.right.SetTimeout(kTimeout)));
  ASSIGN_OR_RETURN(v1::ReceiveResponse received, pair.right.Receive(kLength));
  const v1::Outcome& outcome = received.outcome();
  act.Say(absl::StrCat(
      "Between sleeping for ever and not sleeping at all there is a timeout. "
      "right's socket gets one of ",
      FormatSeconds(absl::Seconds(kTimeout)),
      " and asks again for what nobody has sent. The call waits in ",
      outcome.syscall(), " for ", FormatSeconds(Elapsed(outcome)),
      " and gives up. No error number comes with it: the network is well, only "
      "the time is over. (When the kernel itself gives a connection up, that "
      "is another thing, ETIMEDOUT.)"));
  act.Figure("right Receive", outcome);
  act.Record("receive", ToJson(received));
  act.Expect(outcome.ending() == v1::ENDING_TIMED_OUT, "the receive times out",
             Describe(outcome));
  act.Expect(!outcome.has_error(), "no error number", Describe(outcome));
  act.Expect(Elapsed(outcome) >= absl::Seconds(kTimeout) &&
                 Elapsed(outcome) < absl::Seconds(kTimeout + 2),
             "it takes 0.5 s", FormatSeconds(Elapsed(outcome)));
  return absl::OkStatus();
}

}  // namespace standoff::client

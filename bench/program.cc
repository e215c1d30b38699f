// CompareProgram().

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/comparisons.h"
#include "bench/find_built.h"
#include "bench/raw_client.h"
#include "bench/reference.h"
#include "client/action.h"
#include "client/host.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"

namespace standoff::bench {
namespace {

using client::Host;
using client::Must;
using client::RemoteOperation;
using client::RemotePair;

// A program: sends a byte and receives it, so many times.
std::vector<v1::Action> MakeProgram(const RemotePair& pair, int pairs) {
  const v1::Action send = client::MakeAction(SendOf(pair.a.name(), "x"));
  const v1::Action receive = client::MakeAction(ReceiveOf(pair.b.name(), 1));
  std::vector<v1::Action> program;
  for (int i = 0; i < pairs; ++i) {
    program.push_back(send);
    program.push_back(receive);
  }
  return program;
}

// Calls a second, from the host's own times. The whole program is there before
// its actor begins: it waits at a gate.
double RunProgramOf(const Host& host, const RemotePair& gate,
                    const RemotePair& pair, int pairs) {
  const client::RemoteActor actor = host.Actor("loop");
  const RemoteOperation waiting =
      Must(actor.Start(ReceiveOf(gate.b.name(), 1)));
  Must(waiting.WaitBlocked());
  const std::vector<RemoteOperation> program =
      Must(actor.Start(MakeProgram(pair, pairs)));
  // Asked for beforehand: it is soon dropped from the history.
  client::Call<v1::WaitResponse> opening =
      host.Async().WaitAll({waiting}, v1::WAIT_CONDITION_ENDED);
  Must(gate.a.Send("x"));
  const v1::Operation last = Must(program.back().Wait());
  Must(client::OperationReplyAs<v1::ReceiveResponse>(last));
  const v1::WaitResponse opened = Must(opening.Get());
  const int64_t elapsed_ns =
      last.end_monotonic_ns() - opened.operations(0).end_monotonic_ns();
  return 2.0 * pairs * 1e9 / static_cast<double>(elapsed_ns);
}

// The same of a loop.
double RunLoop(int pairs) {
  const client::CommandResult result =
      RunProgram({FindBuilt("bench/plain_loop"), absl::StrCat(pairs)});
  return 2.0 * pairs / std::stod(result.output);
}

}  // namespace

std::vector<Row> CompareProgram(const Settings& settings) {
  const int pairs = settings.Scaled(100'000, 300);
  const client::Daemon daemon = StartDaemon(settings.daemon);
  const Host host = Must(Host::Connect(daemon.address()));
  const RemotePair gate = client::ConnectedPair(host, client::kUnixStream);
  const RemotePair pair = client::ConnectedPair(host, client::kUnixStream);
  return Compare(
      settings,
      {{.name = "program",
        .what = absl::StrCat("a program of ", pairs, " send/receive pairs"),
        .unit = "/s",
        .target = RatioAtLeast(0.7)}},
      [&]() -> std::vector<Samples> {
        return {{RunProgramOf(host, gate, pair, pairs)}};
      },
      [&]() -> std::vector<Samples> { return {{RunLoop(pairs)}}; });
}

}  // namespace standoff::bench

// MeasureOperations().

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/measurements.h"
#include "client/call.h"
#include "client/execute_stream.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"

namespace standoff::bench {
namespace {

using client::Daemon;
using client::Host;
using client::Must;

constexpr double kKibibyte = 1024;

absl::Duration TimeOf(const std::function<void()>& body) {
  const absl::Time start = absl::Now();
  body();
  return absl::Now() - start;
}

client::RemotePair NonBlockingPair(const Host& host) {
  client::RemotePair pair = client::ConnectedPair(host, client::kUnixStream);
  Must(pair.a.SetBlocking(false));
  Must(pair.b.SetBlocking(false));
  return pair;
}

// Sends and receives one byte, in calls that don't wait, and adds the time of
// each.
void TimeCalls(const client::RemotePair& pair, int calls,
               std::vector<absl::Duration>& times) {
  for (int i = 0; i < calls / 2; ++i) {
    times.push_back(TimeOf([&] { Must(pair.a.Send("x")); }));
    times.push_back(TimeOf([&] { Must(pair.b.Receive(1)); }));
  }
}

double MedianMicroseconds(std::vector<absl::Duration> times) {
  const auto middle =
      times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return absl::ToDoubleMicroseconds(*middle);
}

struct CallTimes {
  double idle = 0;
  double busy = 0;
};

// The medians of both, measured in turn, so that what else the machine does
// meets both.
CallTimes CompareCalls(const client::RemotePair& idle,
                       const client::RemotePair& busy, int calls) {
  constexpr int kTurns = 20;
  const int of_turn = std::max(calls / kTurns, 2);
  std::vector<absl::Duration> idle_times;
  std::vector<absl::Duration> busy_times;
  for (int turn = 0; turn < kTurns; ++turn) {
    // The first one after the other's is not warm.
    std::vector<absl::Duration> unused;
    TimeCalls(idle, 2, unused);
    TimeCalls(idle, of_turn, idle_times);
    TimeCalls(busy, 2, unused);
    TimeCalls(busy, of_turn, busy_times);
  }
  return {.idle = MedianMicroseconds(std::move(idle_times)),
          .busy = MedianMicroseconds(std::move(busy_times))};
}

double Threads(const Daemon& daemon) {
  return static_cast<double>(client::ThreadsOf(daemon.pid()).size());
}

double Mebibytes(const Daemon& daemon) {
  return static_cast<double>(client::ResidentBytes(daemon.pid())) / kKibibyte /
         kKibibyte;
}

std::string SocketName(int i) { return absl::StrCat("socket", i); }

void OpenSockets(const Host& host, int count) {
  client::ExecuteStream stream(host);
  for (int i = 0; i < count; ++i) {
    v1::OpenRequest request = client::OpenRequestOf(client::kUdp4);
    request.set_name(SocketName(i));
    stream.Send(request).IgnoreError();
  }
  for (int i = 0; i < count; ++i) {
    Must(client::ReplyAs<v1::OpenResponse>(Must(stream.Receive()).reply()));
  }
}

// Has an actor for each socket receive from it.
std::vector<uint64_t> StartReceives(const Host& host, int count) {
  std::vector<client::Call<v1::StartResponse>> starts;
  for (int i = 0; i < count; ++i) {
    v1::StartRequest request;
    request.set_actor(absl::StrCat("actor", i));
    *request.add_actions()->mutable_receive() =
        client::ReceiveFrom(SocketName(i));
    starts.push_back(host.Async().Run(request));
  }
  std::vector<uint64_t> ids;
  for (auto& start : starts) ids.push_back(Must(start.Get()).ids(0));
  return ids;
}

void AwaitBlocked(const Host& host, const std::vector<uint64_t>& ids) {
  v1::WaitRequest request;
  request.mutable_ids()->Add(ids.begin(), ids.end());
  request.set_condition(v1::WAIT_CONDITION_BLOCKED);
  request.set_brief(true);
  Must(host.Run(request));
}

// How many of them have ended when the reply has come.
int64_t CancelAll(const Host& host, const std::vector<uint64_t>& ids) {
  v1::CancelRequest request;
  request.mutable_ids()->Add(ids.begin(), ids.end());
  request.set_brief(true);
  const v1::CancelResponse response = Must(host.Run(request));
  return std::count_if(response.operations().begin(),
                       response.operations().end(), [](const auto& operation) {
                         return operation.state() ==
                                v1::OPERATION_STATE_CANCELLED;
                       });
}

}  // namespace

std::vector<Figure> MeasureOperations(const Daemon& daemon, const Host& host,
                                      const Host& idle_host,
                                      const Sizes& sizes) {
  const client::RemotePair pair = NonBlockingPair(host);
  const client::RemotePair idle_pair = NonBlockingPair(idle_host);
  // The first ones find nothing warm.
  CompareCalls(idle_pair, pair, sizes.calls);
  const double threads_before = Threads(daemon);
  const int64_t memory_before = client::ResidentBytes(daemon.pid());

  const Host own = client::MakeSession(host, "size");
  OpenSockets(own, sizes.operations);
  std::vector<uint64_t> ids;
  const absl::Duration starting = TimeOf([&] {
    ids = StartReceives(own, sizes.operations);
    AwaitBlocked(own, ids);
  });
  const auto memory =
      static_cast<double>(client::ResidentBytes(daemon.pid()) - memory_before);
  const double threads = Threads(daemon);
  const CallTimes calls = CompareCalls(idle_pair, pair, sizes.calls);
  int64_t cancelled = 0;
  const absl::Duration cancelling =
      TimeOf([&] { cancelled = CancelAll(own, ids); });
  const double memory_cancelled = Mebibytes(daemon);
  const absl::Duration deleting =
      TimeOf([&] { client::DeleteSession(host, "size"); });

  return {
      {"blocked", "operations blocked at once",
       static_cast<double>(sizes.operations)},
      {"start_time", "time until all were blocked",
       absl::ToDoubleSeconds(starting), "s"},
      {"memory", "memory (RSS) of a blocked operation",
       memory / kKibibyte / sizes.operations, "KiB", 40},
      {"threads", "threads then", threads},
      {"idle_call", "median time of a call to an idle daemon", calls.idle,
       "us"},
      {"busy_call", "median time of a call to this one then", calls.busy, "us"},
      {"call_ratio", "a call then, to one to an idle daemon",
       calls.busy / calls.idle, "", 1.25},
      {"cancel_time", "time to cancel all at once",
       absl::ToDoubleSeconds(cancelling), "s", 1},
      {"not_cancelled", "operations that had not ended then",
       static_cast<double>(sizes.operations - cancelled), "", 0},
      {"cancelled_memory", "memory (RSS) of the daemon then", memory_cancelled,
       "MiB"},
      {"delete_time", "time to delete their session",
       absl::ToDoubleSeconds(deleting), "s"},
      {"deleted_threads", "threads more than before, then",
       std::max(0.0, Threads(daemon) - threads_before)},
      {"deleted_memory", "memory (RSS) of the daemon then", Mebibytes(daemon),
       "MiB"},
  };
}

}  // namespace standoff::bench

// What a diagnosis costs: see docs/why.md.
//
//   bazel run -c opt //bench:why

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/find_built.h"
#include "bench/report.h"
#include "client/action.h"
#include "client/call.h"
#include "client/diagnosis/diagnose.h"
#include "client/diagnosis/observe.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/remote_socket.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"

namespace standoff::bench {
namespace {

using client::Daemon;
using client::Host;
using client::Must;

constexpr char kDescription[] =
    "Measures what it costs to say why calls are blocked, with daemons of its "
    "own. Exit status 1 if a target is missed.";

struct Sizes {
  int connections = 5000;
  int blocked = 1000;
  int daemons = 200;
};

// A daemon and the channel to it.
struct Player {
  Daemon daemon;
  Host host;
};

Player StartPlayer(const std::string& program, const std::string& name) {
  Daemon daemon =
      Must(Daemon::Start({.program = program, .flags = {"--log_level=error"}}));
  Host host = Must(Host::Connect(daemon.address(), {.name = name}));
  return {.daemon = std::move(daemon), .host = std::move(host)};
}

// Connects sockets c0, c1, … of one host to a0, a1, … of the other.
void Connect(const Host& left, const Host& right,
             const client::RemoteSocket& listener, int first, int end) {
  client::ExecuteStream connecting(left);
  client::ExecuteStream accepting(right);
  const v1::Address address = client::AddressOf(listener);
  for (int i = first; i < end; ++i) {
    v1::OpenRequest open = client::OpenRequestOf(client::kTcp4);
    open.set_name(absl::StrCat("c", i));
    v1::ConnectRequest connect;
    connect.set_socket(open.name());
    *connect.mutable_address() = address;
    connecting.Send(open, connect).IgnoreError();
    v1::AcceptRequest accept;
    accept.set_socket(listener.name());
    accept.set_name(absl::StrCat("a", i));
    accepting.Send(accept).IgnoreError();
    // The accept queue is short.
    Must(client::ReplyAs<v1::OpenResponse>(Must(connecting.Receive()).reply()));
    Must(client::ReplyAs<v1::ConnectResponse>(
        Must(connecting.Receive()).reply()));
    Must(
        client::ReplyAs<v1::AcceptResponse>(Must(accepting.Receive()).reply()));
  }
}

// Has an actor of its own receive from each socket, and waits until all are
// blocked.
void BlockInReceive(const Host& host, const std::string& prefix, int first,
                    int end) {
  std::vector<client::Call<v1::StartResponse>> starts;
  for (int i = first; i < end; ++i) {
    v1::StartRequest request;
    request.set_actor(absl::StrCat(prefix, i));
    v1::ReceiveRequest& receive = *request.add_actions()->mutable_receive();
    receive.set_socket(absl::StrCat(prefix, i));
    receive.set_length(1);
    starts.push_back(host.Async().Run(request));
  }
  v1::WaitRequest wait;
  for (auto& start : starts) wait.add_ids(Must(start.Get()).ids(0));
  wait.set_condition(v1::WAIT_CONDITION_BLOCKED);
  wait.set_brief(true);
  Must(host.Run(wait));
}

absl::Duration TimeOf(const v1::DiagnoseRequest& request,
                      v1::Diagnosis& diagnosis) {
  // The least of several: what the machine does besides counts for nothing.
  constexpr int kTurns = 5;
  absl::Duration least = absl::InfiniteDuration();
  for (int i = 0; i < kTurns; ++i) {
    const absl::Time start = absl::Now();
    diagnosis = Must(client::Diagnose(request));
    least = std::min(least, absl::Now() - start);
  }
  return least;
}

// Two hosts with connections between them, some of whose ends wait for each
// other; the number of connections grows.
void MeasureConnections(const std::string& program, const Sizes& sizes,
                        std::vector<Figure>& figures) {
  const Player left = StartPlayer(program, "left");
  const Player right = StartPlayer(program, "right");
  const client::RemoteSocket listener =
      client::Listener(right.host, client::kTcp4);
  int connections = 0;
  int blocked = 0;
  for (const int part : {8, 4, 2, 1}) {
    const int more = sizes.connections / part;
    Connect(left.host, right.host, listener, connections, more);
    connections = more;
    const int pairs = sizes.blocked / 2 / part;
    BlockInReceive(left.host, "c", blocked, pairs);
    BlockInReceive(right.host, "a", blocked, pairs);
    blocked = pairs;
    const v1::DiagnoseRequest request =
        Must(client::Observe({left.host, right.host}));
    v1::Diagnosis diagnosis;
    const absl::Duration time = TimeOf(request, diagnosis);
    figures.push_back(
        {.name = absl::StrCat("verdict_", connections),
         .what = absl::StrCat("verdict on ", connections, " connections, ",
                              diagnosis.blocked_size(), " blocked, ",
                              diagnosis.deadlocks_size(), " deadlocks"),
         .measured = absl::ToDoubleSeconds(time),
         .unit = "s",
         .target = part == 1 ? std::optional<double>(1) : std::nullopt});
    figures.push_back(
        {.name = absl::StrCat("per_connection_", connections),
         .what = "the same for each connection",
         .measured = absl::ToDoubleMicroseconds(time) / connections,
         .unit = "us"});
  }
  const absl::Time start = absl::Now();
  Must(left.host.Snapshot({.all_sessions = true}));
  figures.push_back({.name = "snapshot",
                     .what = "a snapshot of one of these hosts",
                     .measured = absl::ToDoubleSeconds(absl::Now() - start),
                     .unit = "s"});
}

// A ring of hosts: each waits to be sent to by the next one, before it sends to
// the one before.
void MeasureDaemons(const std::string& program, const Sizes& sizes,
                    std::vector<Figure>& figures) {
  std::vector<Player> players;
  std::vector<Host> hosts;
  for (int i = 0; i < sizes.daemons; ++i) {
    players.push_back(StartPlayer(program, absl::StrCat("host", i)));
    hosts.push_back(players.back().host);
  }
  std::vector<client::RemotePair> pairs;
  for (size_t i = 0; i < hosts.size(); ++i) {
    pairs.push_back(client::ConnectedPair(
        hosts[i], hosts[(i + 1) % hosts.size()], client::kTcp4));
  }
  for (size_t i = 0; i < hosts.size(); ++i) {
    v1::StartRequest request;
    request.set_actor("actor");
    v1::ReceiveRequest& receive = *request.add_actions()->mutable_receive();
    receive.set_socket(pairs[i].a.name());
    receive.set_length(1);
    v1::SendRequest& send = *request.add_actions()->mutable_send();
    send.set_socket(pairs[(i + hosts.size() - 1) % hosts.size()].b.name());
    send.set_data("x");
    v1::WaitRequest wait;
    wait.add_ids(Must(hosts[i].Run(request)).ids(0));
    wait.set_condition(v1::WAIT_CONDITION_BLOCKED);
    Must(hosts[i].Run(wait));
  }
  const client::WhyOptions options;
  const absl::Time start = absl::Now();
  const v1::Diagnosis diagnosis = Must(client::Why(hosts, options));
  figures.push_back(
      {.name = "daemons",
       .what = absl::StrCat("the whole of `why` with ", hosts.size(),
                            " daemons: ", diagnosis.deadlocks_size(),
                            " deadlock of ", diagnosis.blocked_size()),
       .measured = absl::ToDoubleSeconds(absl::Now() - start),
       .unit = "s",
       .target = 3});
}

int Main(int argc, char** argv) {
  Sizes sizes;
  std::string program;
  bool json = false;
  CLI::App app(kDescription, "why");
  app.add_option("--connections", sizes.connections,
                 "How many connections two hosts have. Default: 5000")
      ->check(CLI::Range(8, 9'000));
  app.add_option("--blocked", sizes.blocked,
                 "How many operations are blocked on them. Default: 1000")
      ->check(CLI::Range(16, 9'000));
  app.add_option("--daemons", sizes.daemons,
                 "How many daemons are asked together. Default: 200")
      ->check(CLI::Range(2, 1'000));
  app.add_option("--daemon", program, "The daemon's program.");
  app.add_flag("--json", json, "Print JSON.");
  CLI11_PARSE(app, argc, argv);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  if (program.empty()) program = FindDaemon();
  std::vector<Figure> figures;
  MeasureConnections(program, sizes, figures);
  MeasureDaemons(program, sizes, figures);
  std::cout << (json ? RenderJson(figures) : RenderTable(figures));
  return AllOk(figures) ? 0 : 1;
}

}  // namespace
}  // namespace standoff::bench

int main(int argc, char** argv) { return standoff::bench::Main(argc, argv); }

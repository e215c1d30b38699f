// MeasureSessions() and RunClient().

#include "tests/testing/sessions.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/measurements.h"
#include "client/call.h"
#include "client/event_stream.h"
#include "client/lab/deadline.h"
#include "client/lab/process.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"

namespace standoff::bench {
namespace {

using client::Daemon;
using client::Host;
using client::Must;
using client::Process;
using client::RemoteSocket;

// After the clients' last calls have ended.
constexpr absl::Duration kLease = absl::Seconds(2);
constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr char kActor[] = "bench-client";

// What one session has.
struct Used {
  explicit Used(const Host& in)
      : host(in),
        first(client::BoundSocket(host, client::kUdp4)),
        second(client::BoundSocket(host, client::kUdp4)),
        receiving(first.Async().Receive(1)),
        blocked(client::StartBlockedReceive(host, kActor, second)),
        watch(host) {
    if (!watch.Open(kPatience).ok()) std::abort();
  }

  Host host;
  RemoteSocket first;
  RemoteSocket second;
  client::Call<v1::ReceiveResponse> receiving;
  client::RemoteOperation blocked;
  client::EventStream watch;
};

// What is in use of a limit, by its name.
double InUse(const v1::GetInfoResponse& info, const std::string& name) {
  for (const v1::Limit& limit : info.limits()) {
    if (limit.name() == name) return static_cast<double>(limit.in_use());
  }
  return 0;
}

double ThreadsLeft(const Daemon& daemon) {
  return client::CountThreads(daemon.pid(), kActor) +
         client::CountThreads(daemon.pid(), "Receive");
}

// What is left of sessions, beside what was there before.
struct Left {
  double sessions = 0;
  double sockets = 0;
  double operations = 0;
  double threads = 0;

  bool nothing() const {
    return sessions + sockets + operations + threads <= 0;
  }
};

Left LookWhatIsLeft(const Daemon& daemon, const Host& host) {
  const v1::GetInfoResponse info = Must(host.GetInfo());
  return {.sessions = InUse(info, "sessions") - 1,
          .sockets = InUse(info, "sockets"),
          .operations = InUse(info, "operations"),
          .threads = ThreadsLeft(daemon)};
}

// What there is when each session's two calls have their threads.
Left WaitUntilAllWait(const Daemon& daemon, const Host& host,
                      const Sizes& sizes) {
  const client::Deadline deadline(kPatience);
  Left most = LookWhatIsLeft(daemon, host);
  while (most.threads < 2 * sizes.sessions && !deadline.Over()) {
    most = LookWhatIsLeft(daemon, host);
  }
  return most;
}

std::vector<Process> StartClients(const Daemon& daemon,
                                  const std::string& program,
                                  const Sizes& sizes) {
  std::vector<Process> clients;
  for (int i = 0; i < sizes.clients; ++i) {
    // All together have as many as there should be.
    const int sessions = sizes.sessions * (i + 1) / sizes.clients -
                         sizes.sessions * i / sizes.clients;
    clients.push_back(
        Must(Process::Start({.command = {program, "--client", daemon.address(),
                                         "--sessions", absl::StrCat(sessions)},
                             .environment = {},
                             .standard_output = client::Stream::kPipe,
                             .standard_error = client::Stream::kInherit,
                             .die_with_owner = true})));
  }
  for (Process& client : clients) Must(client.ReadLine(kPatience));
  return clients;
}

}  // namespace

int RunClient(const std::string& address, int sessions) {
  const Host host = Must(Host::Connect(address));
  std::vector<std::unique_ptr<Used>> used;
  for (int i = 0; i < sessions; ++i) {
    used.push_back(
        std::make_unique<Used>(client::MakeSession(host, "", kLease)));
  }
  std::cout << "started" << std::endl;
  for (auto& session : used) session->receiving.Wait(absl::InfiniteDuration());
  return 1;
}

std::vector<Figure> MeasureSessions(const Daemon& daemon, const Host& host,
                                    const std::string& program,
                                    const Sizes& sizes) {
  std::vector<Process> clients = StartClients(daemon, program, sizes);
  const Left most = WaitUntilAllWait(daemon, host, sizes);
  const absl::Time killed = absl::Now();
  for (Process& client : clients) client.Signal(SIGKILL);
  const client::Deadline deadline(kPatience);
  Left left = most;
  while (!left.nothing() && !deadline.Over()) {
    left = LookWhatIsLeft(daemon, host);
  }
  const absl::Duration ending = absl::Now() - killed;
  return {
      {"sessions", "sessions of clients that were killed", most.sessions},
      {"sessions_sockets", "sockets in them", most.sockets},
      {"sessions_threads", "threads in them", most.threads},
      {"sessions_end_time",
       absl::StrCat("time until they were gone (lease ",
                    absl::FormatDuration(kLease), ")"),
       absl::ToDoubleSeconds(ending), "s"},
      {"sessions_left", "sessions left", left.sessions, "", 0},
      {"sockets_left", "sockets left", left.sockets, "", 0},
      {"operations_left", "operations left", left.operations, "", 0},
      {"threads_left", "threads left", left.threads, "", 0},
  };
}

}  // namespace standoff::bench

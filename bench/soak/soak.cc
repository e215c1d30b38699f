// A long run: see docs/faults.md.
//
//   bazel run -c opt //bench/soak -- --minutes=10

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/find_built.h"
#include "bench/report.h"
#include "bench/soak/clients.h"
#include "bench/soak/leftovers.h"
#include "bench/soak/probe.h"
#include "bench/soak/worker.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/deadline.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"

namespace standoff::bench {
namespace {

constexpr char kDescription[] =
    "Has many clients work on a daemon of its own, kills them at random, and "
    "looks whether all calls are answered and nothing is left. Prints figures; "
    "exit status 1 if something does not hold.";

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr double kMegabyte = 1024 * 1024;
// Memory is compared with that at minute 2: the median of a minute around it
// with that of the last minute.
constexpr absl::Duration kSettled = absl::Minutes(2);
constexpr absl::Duration kMinute = absl::Minutes(1);
constexpr double kMaxGrowth = 0.05;

struct Options {
  double minutes = 10;
  int sessions = 200;
  int clients = 20;
  double lease = 5;
  double pause = 1.5;
  double kill_every = 1;
  double max_answer = 1;
  unsigned seed = 1;
  std::string program;
  std::string client_of;
};

Figure Count(std::string name, std::string what, int64_t count,
             std::optional<int64_t> most = std::nullopt) {
  return {.name = std::move(name),
          .what = std::move(what),
          .measured = static_cast<double>(count),
          .target = most};
}

// Sizes of memory, with the time at which each was looked at.
class Memory {
 public:
  void Add(absl::Duration time, int64_t bytes) {
    samples_.push_back({time, bytes});
  }

  // The median of those between two times; none without any.
  std::optional<double> MedianMegabytes(absl::Duration from,
                                        absl::Duration to) const {
    std::vector<int64_t> sizes;
    for (const Sample& sample : samples_) {
      if (sample.time >= from && sample.time <= to) {
        sizes.push_back(sample.bytes);
      }
    }
    if (sizes.empty()) return std::nullopt;
    std::sort(sizes.begin(), sizes.end());
    return static_cast<double>(sizes[sizes.size() / 2]) / kMegabyte;
  }

 private:
  struct Sample {
    absl::Duration time;
    int64_t bytes;
  };
  std::vector<Sample> samples_;
};

std::string Clock(absl::Duration time) {
  return absl::StrFormat("%d:%02d", absl::ToInt64Minutes(time),
                         absl::ToInt64Seconds(time) % 60);
}

// A daemon, its clients and who watches them.
class Soak {
 public:
  explicit Soak(const Options& options)
      : options_(options),
        length_(absl::Minutes(options.minutes)),
        daemon_(client::Must(client::Daemon::Start(
            {.program =
                 options.program.empty() ? FindDaemon() : options.program,
             .listen = {"127.0.0.1:0"},
             .flags = {"--log_level=error"},
             .ready_timeout = kPatience}))),
        host_(client::Must(client::Host::Connect(daemon_.address()))) {}

  std::vector<Figure> Run() {
    const Probe probe(daemon_.address());
    WarmUp();
    Clients clients = StartClients();
    std::mt19937 random(options_.seed);
    std::exponential_distribution<double> pause(1 / options_.kill_every);
    const client::Deadline end(length_);
    const auto passed = [&] { return length_ - end.Left(); };
    absl::Duration next_kill = absl::Seconds(pause(random));
    absl::Duration next_look = absl::ZeroDuration();
    absl::Duration next_line = absl::ZeroDuration();
    while (!end.Over()) {
      absl::SleepFor(absl::Milliseconds(20));
      if (passed() >= next_kill) {
        clients.KillOne();
        next_kill = passed() + absl::Seconds(pause(random));
      }
      if (passed() >= next_look) {
        clients.Look();
        memory_.Add(passed(), client::ResidentBytes(daemon_.pid()));
        next_look = passed() + absl::Seconds(1);
      }
      if (passed() >= next_line) {
        Progress(passed(), clients, probe.answers());
        next_line = passed() + std::max(length_ / 60, absl::Seconds(2));
      }
    }
    most_ = Look(host_, daemon_.pid());
    clients.KillAll();
    // Sessions end at the same time, and the probe goes on.
    const Holdings left =
        AwaitNothing(host_, daemon_.pid(), &baseline_, kPatience);
    return Figures(clients, probe.answers(), left);
  }

 private:
  Clients StartClients() const {
    return Clients(Self().string(), options_.clients,
                   {.address = daemon_.address(),
                    .sessions = options_.sessions,
                    .lease = absl::Seconds(options_.lease),
                    .pause = absl::Seconds(options_.pause),
                    .seed = options_.seed});
  }

  // gRPC has its threads and connections from then on.
  void WarmUp() {
    Clients clients = StartClients();
    const client::Deadline deadline(kPatience);
    while (Look(host_, daemon_.pid()).sessions < options_.sessions &&
           !deadline.Over()) {
      absl::SleepFor(absl::Milliseconds(50));
    }
    clients.KillAll();
    baseline_ = AwaitNothing(host_, daemon_.pid(), nullptr, kPatience);
  }

  void Progress(absl::Duration passed, const Clients& clients,
                const Answers& answers) const {
    const Holdings now = Look(host_, daemon_.pid());
    std::cerr << absl::StreamFormat(
                     "%s of %s: %d sessions, %d sockets, %d operations, %d "
                     "threads, %.1f MiB; %d clients killed; longest answer "
                     "%.3f s",
                     Clock(passed), Clock(length_), now.sessions, now.sockets,
                     now.operations, now.threads,
                     static_cast<double>(now.resident_bytes) / kMegabyte,
                     clients.killed(), absl::ToDoubleSeconds(answers.longest))
              << std::endl;
  }

  std::vector<Figure> MemoryFigures() const {
    const auto at = [&](absl::Duration middle) {
      return memory_.MedianMegabytes(middle - kMinute / 2,
                                     middle + kMinute / 2);
    };
    Figure last = {
        .name = "memory_last",
        .what = "memory (RSS) in the last minute",
        .measured = at(length_ - kMinute / 2)
                        .value_or(std::numeric_limits<double>::infinity()),
        .unit = "MiB"};
    if (length_ < kSettled + 2 * kMinute) return {last};
    const double settled = at(kSettled).value_or(0);
    last.target = settled * (1 + kMaxGrowth);
    return {{.name = "memory_settled",
             .what = "memory (RSS) at minute 2",
             .measured = settled,
             .unit = "MiB"},
            last};
  }

  // What was done, by the number of an operation.
  int64_t CountOperations() const {
    return static_cast<int64_t>(
        client::Must(host_.Actor("last").Start(v1::PollRequest())).id());
  }

  std::vector<Figure> Figures(const Clients& clients, const Answers& answers,
                              const Holdings& left) const {
    std::vector<Figure> figures = {
        Count("killed", "clients killed", clients.killed()),
        Count("failed", "clients that ended by themselves", clients.failed(),
              0),
        Count("sessions", "sessions at the end", most_.sessions),
        Count("sockets", "sockets at the end", most_.sockets),
        Count("operations", "operations at the end", most_.operations),
        Count("calls", "calls of the probe", answers.count),
        Count("calls_failed", "calls of the probe without an answer",
              answers.failed, 0),
        {.name = "longest_answer",
         .what = absl::StrFormat("longest answer (%s)", answers.longest_method),
         .measured = absl::ToDoubleSeconds(answers.longest),
         .unit = "s",
         .target = options_.max_answer},
        Count("sessions_left", "sessions left", left.sessions, 0),
        Count("sockets_left", "sockets left", left.sockets, 0),
        Count("actors_left", "actors left", left.actors, 0),
        Count("operations_left", "operations left in progress", left.operations,
              0),
        Count("waiting_calls_left", "waiting calls left", left.waiting_calls,
              0),
        Count("threads", "threads, without gRPC's pools", left.threads,
              baseline_.threads),
        Count("descriptors", "descriptors", left.descriptors,
              baseline_.descriptors),
        Count("performed", "operations performed", CountOperations())};
    for (Figure& figure : MemoryFigures()) {
      figures.push_back(std::move(figure));
    }
    return figures;
  }

  const Options options_;
  const absl::Duration length_;
  client::Daemon daemon_;
  client::Host host_;
  Holdings baseline_;
  Holdings most_;
  Memory memory_;
};

int Main(int argc, char** argv) {
  Options options;
  bool json = false;
  CLI::App app(kDescription, "soak");
  const auto positive = CLI::Range(1e-6, 1e6).description("");
  app.add_option("--minutes", options.minutes, "How long. Default: 10")
      ->check(positive);
  app.add_option("--sessions", options.sessions,
                 "How many sessions are in use at once. Default: 200")
      ->check(CLI::Range(1, 100'000).description(""));
  app.add_option("--clients", options.clients,
                 "How many processes use them. Default: 20")
      ->check(CLI::Range(1, 1000).description(""));
  app.add_option("--kill_every", options.kill_every,
                 "Seconds from one client's death to the next, on average. "
                 "Default: 1")
      ->check(positive);
  app.add_option("--lease", options.lease,
                 "Seconds that a session outlives its client. Default: 5")
      ->check(positive);
  app.add_option("--pause", options.pause,
                 "Seconds that a session rests between two pieces of work, on "
                 "average. Default: 1.5")
      ->check(CLI::Range(0.0, 1e6).description(""));
  app.add_option("--max_answer", options.max_answer,
                 "Seconds that an answer may take at most. Default: 1")
      ->check(positive);
  app.add_option("--seed", options.seed, "For another run. Default: 1");
  app.add_option("--daemon", options.program, "The daemon's program.");
  app.add_flag("--json", json, "Print JSON.");
  // What this program runs as a child.
  app.add_option("--client", options.client_of)->group("");
  CLI11_PARSE(app, argc, argv);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  if (!options.client_of.empty()) {
    Work({.address = options.client_of,
          .sessions = options.sessions,
          .lease = absl::Seconds(options.lease),
          .pause = absl::Seconds(options.pause),
          .seed = options.seed});
  }
  // Each has one at least.
  options.clients = std::min(options.clients, options.sessions);
  const std::vector<Figure> figures = Soak(options).Run();
  std::cout << (json ? RenderJson(figures) : RenderTable(figures));
  return AllOk(figures) ? 0 : 1;
}

}  // namespace
}  // namespace standoff::bench

int main(int argc, char** argv) { return standoff::bench::Main(argc, argv); }

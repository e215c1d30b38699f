// A long run: see docs/faults.md.
//
//   bazel run -c opt //tests/soak -- --minutes=10

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/deadline.h"
#include "tests/soak/clients.h"
#include "tests/soak/leftovers.h"
#include "tests/soak/probe.h"
#include "tests/soak/worker.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"

namespace standoff::soak {
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

std::string Self() { return std::filesystem::read_symlink("/proc/self/exe"); }

// standoffd where Bazel puts it, or by its name.
std::string FindDaemon() {
  const std::string beside = Self() + ".runfiles/standoff/server/standoffd";
  return access(beside.c_str(), X_OK) == 0 ? beside : "standoffd";
}

// A table with what was measured and what it may be.
class Report {
 public:
  // One that is only told.
  void Tell(const std::string& what, const std::string& measured) {
    absl::PrintF("%-52s %s\n", what, measured);
  }
  void Check(const std::string& what, const std::string& measured,
             const std::string& promise, bool holds) {
    absl::PrintF("%-52s %-14s %s%s\n", what, measured, promise,
                 holds ? "" : "  MISSED");
    all_hold_ = all_hold_ && holds;
  }
  void CheckNone(const std::string& what, int64_t count) {
    Check(what, absl::StrFormat("%d", count), "none", count == 0);
  }

  bool all_hold() const { return all_hold_; }

 private:
  bool all_hold_ = true;
};

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

  bool Run() {
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
    return Tell(clients, probe.answers(), left);
  }

 private:
  Clients StartClients() const {
    return Clients(Self(), options_.clients,
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

  void TellMemory(Report& report) const {
    const auto at = [&](absl::Duration middle) {
      return memory_.MedianMegabytes(middle - kMinute / 2,
                                     middle + kMinute / 2);
    };
    const auto megabytes = [](double size) {
      return absl::StrFormat("%.1f MiB", size);
    };
    const std::optional<double> end = at(length_ - kMinute / 2);
    if (length_ < kSettled + 2 * kMinute) {
      report.Tell("memory (RSS) under load", megabytes(end.value_or(0)));
      return;
    }
    const double settled = at(kSettled).value_or(0);
    report.Tell("memory (RSS) at minute 2", megabytes(settled));
    report.Check(
        "memory (RSS) in the last minute", megabytes(end.value_or(0)),
        absl::StrFormat("at most %s", megabytes(settled * (1 + kMaxGrowth))),
        end.has_value() && *end <= settled * (1 + kMaxGrowth));
  }

  // What was done, by the number of an operation.
  uint64_t CountOperations() const {
    return client::Must(host_.Actor("last").Start(v1::PollRequest())).id();
  }

  bool Tell(const Clients& clients, const Answers& answers,
            const Holdings& left) const {
    const auto number = [](int64_t count) {
      return absl::StrFormat("%d", count);
    };
    Report report;
    report.Tell("clients killed", number(clients.killed()));
    report.CheckNone("clients that ended by themselves", clients.failed());
    report.Tell("sessions, sockets, operations at the end",
                absl::StrFormat("%d, %d, %d", most_.sessions, most_.sockets,
                                most_.operations));
    report.Tell("calls of the probe", number(answers.count));
    report.CheckNone("calls of the probe without an answer", answers.failed);
    const double longest = absl::ToDoubleSeconds(answers.longest);
    report.Check(absl::StrFormat("longest answer (%s)", answers.longest_method),
                 absl::StrFormat("%.3f s", longest),
                 absl::StrFormat("at most %g s", options_.max_answer),
                 longest <= options_.max_answer);
    TellMemory(report);
    report.CheckNone("sessions left", left.sessions);
    report.CheckNone("sockets left", left.sockets);
    report.CheckNone("actors left", left.actors);
    report.CheckNone("operations left in progress", left.operations);
    report.CheckNone("waiting calls left", left.waiting_calls);
    const auto check_baseline = [&](const char* what, int64_t now,
                                    int64_t before) {
      report.Check(what, number(now), absl::StrFormat("at most %d", before),
                   now <= before);
    };
    check_baseline("threads, without gRPC's pools", left.threads,
                   baseline_.threads);
    check_baseline("descriptors", left.descriptors, baseline_.descriptors);
    report.Tell("operations performed",
                absl::StrFormat("%d", CountOperations()));
    return report.all_hold();
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
  return Soak(options).Run() ? 0 : 1;
}

}  // namespace
}  // namespace standoff::soak

int main(int argc, char** argv) { return standoff::soak::Main(argc, argv); }

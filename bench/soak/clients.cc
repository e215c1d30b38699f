#include "bench/soak/clients.h"

#include <signal.h>

#include <iostream>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/testing/must.h"

namespace standoff::bench {

using client::Must;
using client::Process;

Clients::Clients(std::string program, int count, WorkerOptions options)
    : program_(std::move(program)),
      count_(count),
      options_(std::move(options)),
      random_(options_.seed),
      seed_(options_.seed) {
  for (int i = 0; i < count_; ++i) processes_.push_back(Start(i));
}

Process Clients::Start(int index) {
  // All together have as many as there should be.
  const int sessions = options_.sessions * (index + 1) / count_ -
                       options_.sessions * index / count_;
  return Must(Process::Start(
      {.command = {program_, "--client", options_.address, "--sessions",
                   absl::StrCat(sessions), "--lease",
                   absl::StrCat(absl::ToDoubleSeconds(options_.lease)),
                   "--pause",
                   absl::StrCat(absl::ToDoubleSeconds(options_.pause)),
                   "--seed", absl::StrCat(seed_++)},
       .environment = {},
       .standard_output = client::Stream::kNull,
       .standard_error = client::Stream::kInherit,
       .die_with_owner = true}));
}

bool Clients::HasFailed(Process& process) {
  const absl::StatusOr<client::ExitStatus> status =
      process.Wait(absl::ZeroDuration());
  if (!status.ok()) return false;
  std::cerr << "soak: a client ended by itself: " << status->ToString()
            << std::endl;
  ++failed_;
  return true;
}

void Clients::KillOne() {
  const int index = std::uniform_int_distribution<int>(0, count_ - 1)(random_);
  Process& process = processes_[static_cast<size_t>(index)];
  if (!HasFailed(process)) {
    process.Signal(SIGKILL);
    Must(process.Wait(absl::Minutes(1)));
    ++killed_;
  }
  process = Start(index);
}

void Clients::Look() {
  for (int i = 0; i < count_; ++i) {
    Process& process = processes_[static_cast<size_t>(i)];
    if (HasFailed(process)) process = Start(i);
  }
}

void Clients::KillAll() {
  for (Process& process : processes_) {
    if (HasFailed(process)) continue;
    process.Signal(SIGKILL);
    Must(process.Wait(absl::Minutes(1)));
    ++killed_;
  }
  processes_.clear();
}

}  // namespace standoff::bench

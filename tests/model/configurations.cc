#include "tests/model/configurations.h"

#include <algorithm>

namespace standoff::model {
namespace {

// Two processes on two hosts, each with one end of a connection.
Configuration Two(const char* name, int left_acts, int right_acts) {
  Configuration two;
  two.name = name;
  two.Connect(0, 1);
  two.AddProcess(0, {0});
  two.AddThread(left_acts);
  two.AddProcess(1, {1});
  two.AddThread(right_acts);
  return two;
}

Configuration TwoProcesses() {
  Configuration two = Two("TwoProcesses", 4, 3);
  two.Allow({kShutDown, kClose});
  return two;
}

Configuration FullQueues() {
  Configuration full = Two("FullQueues", 3, 3);
  for (int end = 0; end < 2; ++end) {
    full.start.ends[end].queue = kPlain;
    full.start.ends[end].is_sending = true;
  }
  return full;
}

Configuration UnixSockets() {
  Configuration two;
  two.name = "UnixSockets";
  two.ConnectUnix(0);
  two.AddProcess(0, {0});
  two.AddThread(4);
  two.AddProcess(0, {1});
  two.AddThread(3);
  two.Allow({kShutDown, kClose});
  return two;
}

// A process of two threads, which may poll all that it has.
Configuration TwoThreads() {
  Configuration threads = Two("TwoThreads", 2, 2);
  threads.AddThread(2);
  threads.Allow({kPollAll});
  return threads;
}

// Each has a connection with each other one.
Configuration ThreeInACycle() {
  Configuration three;
  three.name = "ThreeInACycle";
  three.Connect(0, 1);
  three.Connect(1, 0);
  three.Connect(0, 0);
  three.AddProcess(0, {0, 5});
  three.AddReceiver(1);
  three.AddProcess(1, {2, 1});
  three.AddReceiver(0);
  three.AddProcess(0, {4, 3});
  three.AddThread(2);
  return three;
}

Configuration SharedEnd() {
  Configuration shared;
  shared.name = "SharedEnd";
  shared.Connect(0, 1);
  shared.AddProcess(0, {0});
  shared.AddReceiver(1);
  for (int i = 0; i < 2; ++i) {
    shared.AddProcess(1, {1});
    shared.AddThread(2);
  }
  shared.Allow({kShutDown, kClose});
  return shared;
}

Configuration Forks() {
  Configuration fork = Two("Forks", 2, 2);
  fork.AddUnborn(1, 2);
  fork.Allow({kFork, kExit});
  return fork;
}

Configuration HiddenProcess() {
  Configuration hidden = Two("HiddenProcess", 2, 2);
  hidden.AddProcess(1, {1});
  hidden.AddThread(2);
  hidden.hidden = Of(2);
  return hidden;
}

// One sleeps in a receive, but not where that waits.
Configuration NotWaiting(const char* name, Held held) {
  Configuration one;
  one.name = name;
  one.Connect(0, 1);
  one.AddProcess(0, {0});
  one.AddReceiver(2).held = held;
  one.AddProcess(1, {1});
  one.AddThread(2);
  return one;
}

Configuration Timeout() {
  Configuration timed = Two("Timeout", 3, 3);
  timed.timed = Of(0);
  return timed;
}

Configuration TimersAndRings() {
  Configuration asynchronous = Two("TimersAndRings", 3, 3);
  asynchronous.Allow({kSetTimer, kSetRing});
  return asynchronous;
}

// The descriptor of an end is in a message that a process has sent to itself.
// Another process has the end, too.
Configuration Passed() {
  Configuration passed;
  passed.name = "Passed";
  passed.Connect(0, 1);
  passed.ConnectUnix(1);
  passed.AddProcess(0, {0});
  passed.AddReceiver(0);
  passed.AddProcess(1, {1});
  passed.AddReceiver(0);
  passed.AddProcess(1, {2, 3});
  passed.AddThread(3);
  passed.start.ends[3].queue = 1;
  passed.Allow({kPass, kClose});
  return passed;
}

// Two connections with the same addresses. One is of a process with itself.
Configuration SameAddresses() {
  Configuration same;
  same.name = "SameAddresses";
  same.Connect(1, 1);
  same.Connect(0, 1);
  same.addresses[2] = same.addresses[0];
  same.addresses[3] = same.addresses[1];
  same.AddProcess(0, {2});
  same.AddReceiver(0);
  same.AddProcess(1, {3});
  same.AddThread(1);
  same.AddProcess(1, {1, 0});
  same.AddReceiver(0);
  return same;
}

// A thread in a call on number 0, and another one that makes that number mean
// another socket.
Configuration Reused(const char* name) {
  Configuration reused;
  reused.name = name;
  reused.Connect(0, 1);
  reused.Connect(0, 1);
  reused.AddProcess(0, {0, 2});
  reused.AddReceiver(0);
  reused.AddThread(2);
  reused.AddProcess(1, {1});
  reused.AddThread(1);
  reused.AddProcess(1, {3});
  reused.AddReceiver(0);
  reused.Allow({kDuplicate});
  return reused;
}

// Somebody else has the socket of the call, too.
Configuration ReusedAndInherited() {
  Configuration inherited = Reused("ReusedAndInherited");
  inherited.AddProcess(0, {0});
  return inherited;
}

}  // namespace

const std::vector<Configuration>& Configurations() {
  static const auto& all = *new std::vector<Configuration>{
      TwoProcesses(),
      FullQueues(),
      UnixSockets(),
      TwoThreads(),
      ThreeInACycle(),
      SharedEnd(),
      Forks(),
      HiddenProcess(),
      NotWaiting("Stopped", Held::kStopped),
      NotWaiting("AsleepElsewhere", Held::kElsewhere),
      Timeout(),
      TimersAndRings(),
      Passed(),
      SameAddresses(),
      Reused("ReusedNumber"),
      ReusedAndInherited(),
  };
  return all;
}

const Configuration& Named(absl::string_view name) {
  return *std::find_if(
      Configurations().begin(), Configurations().end(),
      [name](const Configuration& one) { return one.name == name; });
}

}  // namespace standoff::model

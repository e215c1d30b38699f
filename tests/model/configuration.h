// Where an exploration starts, and what does not change in it.

#ifndef STANDOFF_TESTS_MODEL_CONFIGURATION_H_
#define STANDOFF_TESTS_MODEL_CONFIGURATION_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/model/state.h"

namespace standoff::model {

// What a thread's program may do besides receive and send. Each makes the
// exploration longer, so that each configuration names those that it is about.
enum Act {
  kPollAll,
  kShutDown,
  kClose,
  // dup2(2): a number means another socket from then on.
  kDuplicate,
  // SCM_RIGHTS.
  kPass,
  kFork,
  kExit,
  kSetTimer,
  kSetRing
};

struct Configuration {
  void Allow(std::initializer_list<Act> more);
  // For processes, threads and ends that exist from the start.
  void AddProcess(int host, std::vector<int> table);
  // One that a fork may make; its thread has so many acts.
  void AddUnborn(int host, int acts);
  // Of the process that was added last.
  Thread& AddThread(int acts);
  // One that sleeps from the start in a receive on number 0.
  Thread& AddReceiver(int acts);
  // Connects two ends, which get the next two numbers.
  void Connect(int host, int other_host);
  // The same within a host; it can pass descriptors.
  void ConnectUnix(int host);

  Set ThreadsOf(int process) const;
  Set Hosts() const;
  bool May(Act act) const { return (acts & 1 << act) != 0; }

  std::string name;
  State start;
  int acts = 0;
  int processes = 0;
  int threads = 0;
  int ends = 0;

  int host_of[kProcesses] = {};
  // A process that no look can read: it is only known that there is one.
  Set hidden = 0;
  int process_of[kThreads] = {};
  // Threads whose calls have a timeout.
  Set timed = 0;
  int peer_of[kEnds] = {};
  int host_of_end[kEnds] = {};
  // No network between them, no counters; they can pass descriptors.
  Set is_unix = 0;
  // By end: its addresses. Two ends fit if they differ in the last bit only.
  int addresses[kEnds] = {};
};

}  // namespace standoff::model

#endif  // STANDOFF_TESTS_MODEL_CONFIGURATION_H_

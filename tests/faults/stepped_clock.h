// A wall clock (CLOCK_REALTIME) of a daemon's own, to be set in a test.

#ifndef STANDOFF_TESTS_FAULTS_STEPPED_CLOCK_H_
#define STANDOFF_TESTS_FAULTS_STEPPED_CLOCK_H_

#include <string>

#include "absl/time/time.h"
#include "client/lab/daemon.h"
#include "client/lab/file_descriptor.h"
#include "client/lab/temp_dir.h"

namespace standoff::client {

// Setting the machine's clock would hit whatever else runs on it, and time
// namespaces have none of their own (time_namespaces(7)). So this sets what a
// daemon sees of it: wall_clock.cc tells how. What can't be had ends the test
// program. Needs data = [":libwall_clock.so"].
class SteppedClock {
 public:
  SteppedClock();

  // Sets it so far from the machine's.
  void Set(absl::Duration offset);

  // Options for a daemon with this clock, which must outlive it.
  DaemonOptions Options() const;

 private:
  TempDir folder_;
  std::string path_;
  FileDescriptor file_;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_FAULTS_STEPPED_CLOCK_H_

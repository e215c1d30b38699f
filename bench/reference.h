// Programs to compare with, in processes of their own. They die with this one.
// What can't be had ends this program.

#ifndef STANDOFF_BENCH_REFERENCE_H_
#define STANDOFF_BENCH_REFERENCE_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "client/lab/command.h"
#include "client/lab/process.h"

namespace standoff::bench {

// Starts a program, its standard output piped.
client::Process StartProgram(const std::vector<std::string>& command);

// Runs a program to its end, however it ends.
client::CommandResult RunProgram(const std::vector<std::string>& command);

// The echo daemon.
class EchoDaemon {
 public:
  EchoDaemon();

  // The program.
  static std::string Program();

  const std::string& address() const { return address_; }
  pid_t pid() const { return process_.pid(); }

 private:
  client::Process process_;
  std::string address_;
};

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_REFERENCE_H_

// A process of driver.py, told what to do.

#ifndef STANDOFF_TESTS_WHY_RANDOM_DRIVER_H_
#define STANDOFF_TESTS_WHY_RANDOM_DRIVER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "client/lab/process.h"

namespace standoff::client {

// A text as Python writes it; for names without quotes.
std::string Quoted(const std::string& text);

class Driver {
 public:
  // `command` runs driver.py.
  explicit Driver(std::vector<std::string> command);

  pid_t pid() const { return process_.pid(); }
  void Signal(int signal) { process_.Signal(signal); }

  // Calls a function with these arguments, and returns what that gives.
  std::string Do(const std::string& function,
                 const std::vector<std::string>& arguments = {});
  int DoForNumber(const std::string& function,
                  const std::vector<std::string>& arguments = {});
  // The same with a call that does not end.
  void Begin(const std::string& function,
             const std::vector<std::string>& arguments);

 private:
  Process process_;
};

// The number of the system call that a thread sleeps in, -1 if it is in none.
int SleepsIn(pid_t pid, pid_t thread);
// The letter of a thread's state (proc(5)).
char StateOf(pid_t pid, pid_t thread);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_RANDOM_DRIVER_H_

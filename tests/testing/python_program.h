// A Python program that knows nothing of Standoff, to be looked at from
// outside.

#ifndef STANDOFF_TESTS_TESTING_PYTHON_PROGRAM_H_
#define STANDOFF_TESTS_TESTING_PYTHON_PROGRAM_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "client/lab/process.h"

namespace standoff::client {

// It ends with this object.
class PythonProgram {
 public:
  // Starts the script, after which `say(…)` prints a line for Line() and
  // `inode(s)` is the number of a socket; the usual modules are imported.
  // `wrapper` is a command that runs it.
  explicit PythonProgram(const std::string& script,
                         const std::vector<std::string>& arguments = {},
                         std::vector<std::string> wrapper = {});

  pid_t pid() const { return process_.pid(); }
  void Signal(int signal) { process_.Signal(signal); }

  // The next line that it says, without its end.
  std::string Line();
  // The number that it is; if it is none, the test fails.
  uint64_t Number();

 private:
  Process process_;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_PYTHON_PROGRAM_H_

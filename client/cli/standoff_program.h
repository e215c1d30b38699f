// The program standoff, for tests. They need data = ["//client/cli:standoff"].

#ifndef STANDOFF_CLIENT_CLI_STANDOFF_PROGRAM_H_
#define STANDOFF_CLIENT_CLI_STANDOFF_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/json.h"
#include "client/lab/process.h"

namespace standoff::client {

// Far longer than anything takes.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Starts the program; `environment` has "NAME=VALUE". Ends the test program if
// that fails.
Process StartStandoff(const std::vector<std::string>& arguments,
                      Stream standard_output = Stream::kCapture,
                      const std::vector<std::string>& environment = {});

struct Ended {
  int code = -1;
  std::string output = {};
  std::string errors = {};
};

// Runs the program to its end.
Ended Standoff(const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment = {});

// The value of a text that must be JSON.
Json ParseJson(const std::string& text);

// Expects lines of at most 80 columns.
void ExpectNarrow(const std::string& text);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_STANDOFF_PROGRAM_H_

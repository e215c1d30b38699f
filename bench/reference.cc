#include "bench/reference.h"

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bench/find_built.h"
#include "tests/testing/must.h"

namespace standoff::bench {
namespace {

using client::Must;
using client::Process;

constexpr absl::Duration kPatience = absl::Minutes(10);

}  // namespace

Process StartProgram(const std::vector<std::string>& command) {
  return Must(Process::Start({.command = command,
                              .standard_output = client::Stream::kPipe,
                              .die_with_owner = true}));
}

client::CommandResult RunProgram(const std::vector<std::string>& command) {
  Process process =
      Must(Process::Start({.command = command, .die_with_owner = true}));
  client::CommandResult result;
  result.status = Must(process.Wait(kPatience));
  result.output = process.Output();
  result.errors = process.Errors();
  return result;
}

std::string EchoDaemon::Program() { return FindBuilt("bench/echo_daemon"); }

EchoDaemon::EchoDaemon() : process_(StartProgram({Program()})) {
  const std::string line = Must(process_.ReadLine(kPatience));
  address_ = line.substr(line.rfind(' ') + 1);
}

}  // namespace standoff::bench

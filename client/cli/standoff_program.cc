#include "client/cli/standoff_program.h"

#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

std::string StandoffPath() {
  return absl::StrCat(std::getenv("TEST_SRCDIR"), "/",
                      std::getenv("TEST_WORKSPACE"), "/client/cli/standoff");
}

}  // namespace

Process StartStandoff(const std::vector<std::string>& arguments,
                      Stream standard_output,
                      const std::vector<std::string>& environment) {
  ProcessOptions options;
  options.command = {StandoffPath()};
  options.command.insert(options.command.end(), arguments.begin(),
                         arguments.end());
  options.environment = environment;
  options.standard_output = standard_output;
  absl::StatusOr<Process> process = Process::Start(options);
  EXPECT_TRUE(process.ok()) << process.status();
  if (!process.ok()) std::abort();
  return *std::move(process);
}

Ended Standoff(const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment) {
  Process process = StartStandoff(arguments, Stream::kCapture, environment);
  absl::StatusOr<ExitStatus> status = process.Wait(kPatience);
  EXPECT_TRUE(status.ok()) << status.status();
  return {.code = status.ok() ? status->code : -1,
          .output = process.Output(),
          .errors = process.Errors()};
}

Json ParseJson(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  EXPECT_FALSE(json.is_discarded()) << text;
  return json;
}

void ExpectNarrow(const std::string& text) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

}  // namespace standoff::client

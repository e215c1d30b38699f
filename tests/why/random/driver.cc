#include "tests/why/random/driver.h"

#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"

namespace standoff::client {
namespace {

std::string Line(const std::string& function,
                 const std::vector<std::string>& arguments) {
  return absl::StrCat(function, "(", absl::StrJoin(arguments, ", "), ")\n");
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << std::endl;
  std::abort();
}

}  // namespace

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", text, "'");
}

Driver::Driver(std::vector<std::string> command)
    : process_(Must(Process::Start({.command = std::move(command),
                                    .standard_input = Stream::kPipe,
                                    .standard_output = Stream::kPipe,
                                    .die_with_owner = true}))) {}

std::string Driver::Do(const std::string& function,
                       const std::vector<std::string>& arguments) {
  Begin(function, arguments);
  return Must(process_.ReadLine(kPatience));
}

int Driver::DoForNumber(const std::string& function,
                        const std::vector<std::string>& arguments) {
  int number = -1;
  if (!absl::SimpleAtoi(Do(function, arguments), &number)) std::abort();
  return number;
}

void Driver::Begin(const std::string& function,
                   const std::vector<std::string>& arguments) {
  Check(process_.Write(Line(function, arguments)));
}

int SleepsIn(pid_t pid, pid_t thread) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/task/", thread, "/syscall"));
  int number = -1;
  file >> number;
  return file.fail() ? -1 : number;
}

char StateOf(pid_t pid, pid_t thread) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/task/", thread, "/stat"));
  std::string line;
  std::getline(file, line);
  const size_t end = line.rfind(')');
  return end == std::string::npos || end + 2 >= line.size() ? 'X'
                                                            : line[end + 2];
}

}  // namespace standoff::client

#include "tests/testing/python_program.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);

// What every script begins with.
constexpr char kPrelude[] = R"(
import os, select, socket, sys, threading, time
def inode(s): return os.fstat(s.fileno()).st_ino
def say(*words): print(*words, flush=True)
)";

Process Start(const std::string& script,
              const std::vector<std::string>& arguments,
              std::vector<std::string> wrapper) {
  ProcessOptions options = {.command = std::move(wrapper),
                            .standard_output = Stream::kPipe,
                            .standard_error = Stream::kInherit,
                            .die_with_owner = true};
  for (const std::string& word :
       {std::string("/usr/bin/python3"), std::string("-c"),
        absl::StrCat(kPrelude, script)}) {
    options.command.push_back(word);
  }
  options.command.insert(options.command.end(), arguments.begin(),
                         arguments.end());
  return Must(Process::Start(options));
}

}  // namespace

PythonProgram::PythonProgram(const std::string& script,
                             const std::vector<std::string>& arguments,
                             std::vector<std::string> wrapper)
    : process_(Start(script, arguments, std::move(wrapper))) {}

std::string PythonProgram::Line() { return Must(process_.ReadLine(kPatience)); }

uint64_t PythonProgram::Number() {
  uint64_t number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(Line(), &number));
  return number;
}

}  // namespace standoff::client

#include "tests/why/programs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/lab/test_daemon.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"
#include "tests/testing/waiting.h"

namespace standoff::client {

int CallsOf(const v1::Diagnosis& diagnosis, const std::string& process) {
  int count = 0;
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    if (call.caller().process() == process) ++count;
  }
  return count;
}

void ProgramsTest::SetUp() {
  TwoHostsTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  for (size_t i = 0; i < 2; ++i) {
    daemons_.push_back(StartTestDaemon(
        {.flags = {"--allow_processes"},
         .on = [this, i](const std::vector<std::string>& command) {
           return lab().On(i, command);
         }}));
    hosts_.push_back(
        ConnectToTestDaemon(daemons_.back(), {.name = i == 0 ? "one" : "two"}));
  }
}

void ProgramsTest::Start(const std::string& first, const std::string& second,
                         const std::vector<std::string>& wrapper) {
  StartOn(1, second, "0", wrapper);
  const std::string port = Must(programs_.back().ReadLine(kPatience));
  StartOn(0, first, port, {});
}

v1::Diagnosis ProgramsTest::LookUntilBlocked(int calls) const {
  return LookAtPrograms([calls](const v1::Diagnosis& diagnosis) {
    return CallsOf(diagnosis, "python3") == calls;
  });
}

v1::Diagnosis ProgramsTest::LookUntilProved() const {
  return LookAtPrograms([](const v1::Diagnosis& diagnosis) {
    return diagnosis.verdict() == v1::VERDICT_DEADLOCK;
  });
}

const v1::BlockedCall& ProgramsTest::CallOn(const v1::Diagnosis& diagnosis,
                                            size_t host) const {
  const pid_t pid = programs_[1 - host].pid();
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    if (call.caller().pid() == pid) return call;
  }
  ADD_FAILURE() << "nothing of " << pid << " in " << diagnosis.DebugString();
  return v1::BlockedCall::default_instance();
}

v1::Diagnosis ProgramsTest::LookAtPrograms(
    const std::function<bool(const v1::Diagnosis&)>& condition) const {
  v1::Diagnosis diagnosis;
  EXPECT_TRUE(Eventually([&] {
    diagnosis = Must(Why(hosts_, {.processes = true}));
    return condition(diagnosis);
  })) << diagnosis.DebugString();
  return diagnosis;
}

void ProgramsTest::StartOn(size_t host, const std::string& script,
                           const std::string& port,
                           const std::vector<std::string>& wrapper) {
  std::vector<std::string> command = wrapper;
  command.insert(command.end(),
                 {"/usr/bin/python3", "-c", absl::StrCat(kOneEnd, script),
                  lab().ipv4(1), port});
  programs_.push_back(Must(Process::Start({.command = lab().On(host, command),
                                           .standard_input = Stream::kPipe,
                                           .standard_output = Stream::kPipe,
                                           .die_with_owner = true})));
}

}  // namespace standoff::client

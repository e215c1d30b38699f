#include "tests/testing/process_facts.h"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

// The names in a folder of /proc, which may change or vanish meanwhile.
std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename());
  }
  return names;
}

// The first line; empty if there is none any more.
std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

int64_t StatusBytes(pid_t pid, const std::string& field) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  std::string name;
  while (file >> name) {
    int64_t kilobytes = 0;
    if (name == absl::StrCat(field, ":") && file >> kilobytes) {
      return kilobytes * 1024;
    }
    std::string rest;
    std::getline(file, rest);
  }
  return 0;
}

}  // namespace

std::vector<ThreadFacts> ThreadsOf(pid_t pid) {
  std::vector<ThreadFacts> threads;
  const std::string folder = absl::StrCat("/proc/", pid, "/task");
  for (const std::string& id : NamesIn(folder)) {
    ThreadFacts facts;
    if (!absl::SimpleAtoi(id, &facts.id)) continue;
    facts.name = FirstLine(absl::StrCat(folder, "/", id, "/comm"));
    if (facts.name.empty()) continue;
    // "running", or the number and its arguments.
    const std::string line =
        FirstLine(absl::StrCat(folder, "/", id, "/syscall"));
    const std::string number = line.substr(0, line.find(' '));
    if (!absl::SimpleAtoi(number, &facts.syscall)) facts.syscall = -1;
    threads.push_back(facts);
  }
  return threads;
}

bool IsOfGrpc(const ThreadFacts& thread) {
  static const auto& names = *new std::set<std::string>(
      {"default-executo", "event_engine", "grpc_global_tim", "grpcpp_sync_ser",
       "nexting_thread", "resolver-execut", "timer_manager"});
  return names.contains(thread.name);
}

int CountThreads(pid_t pid, absl::string_view name) {
  const std::vector<ThreadFacts> threads = ThreadsOf(pid);
  return static_cast<int>(std::count_if(
      threads.begin(), threads.end(),
      [name](const auto& thread) { return thread.name == name; }));
}

int CountThreadsIn(pid_t pid, absl::string_view name, int64_t syscall) {
  const std::vector<ThreadFacts> threads = ThreadsOf(pid);
  return static_cast<int>(std::count_if(
      threads.begin(), threads.end(), [name, syscall](const auto& thread) {
        return thread.name == name && thread.syscall == syscall;
      }));
}

int64_t ResidentBytes(pid_t pid) { return StatusBytes(pid, "VmRSS"); }

int64_t PeakResidentBytes(pid_t pid) { return StatusBytes(pid, "VmHWM"); }

int64_t AddressSpaceBytes(pid_t pid) { return StatusBytes(pid, "VmSize"); }

int64_t PeakAddressSpaceBytes(pid_t pid) { return StatusBytes(pid, "VmPeak"); }

bool LimitAddressSpace(pid_t pid, std::optional<int64_t> bytes) {
  const rlimit limit = {.rlim_cur = bytes.has_value()
                                        ? static_cast<rlim_t>(*bytes)
                                        : RLIM_INFINITY,
                        .rlim_max = RLIM_INFINITY};
  return prlimit(pid, RLIMIT_AS, &limit, nullptr) == 0;
}

char ProcessState(pid_t pid) {
  const std::string text = FirstLine(absl::StrCat("/proc/", pid, "/stat"));
  const size_t end_of_name = text.rfind(')');
  return end_of_name == std::string::npos ? '?' : text[end_of_name + 2];
}

absl::Duration ProcessorTime(pid_t pid) {
  clockid_t clock;
  timespec time = {};
  if (clock_getcpuclockid(pid, &clock) != 0) return absl::ZeroDuration();
  if (clock_gettime(clock, &time) != 0) return absl::ZeroDuration();
  return absl::DurationFromTimespec(time);
}

int CountDescriptors(pid_t pid) {
  return static_cast<int>(NamesIn(absl::StrCat("/proc/", pid, "/fd")).size());
}

}  // namespace standoff::client

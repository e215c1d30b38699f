#include "client/cli/demo/waiting_thread.h"

#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace standoff::client {
namespace {

// The ones in which a call on a socket may sleep.
constexpr std::pair<long, const char*> kSystemCalls[] = {
    {SYS_sendto, "sendto"},     {SYS_sendmsg, "sendmsg"},
    {SYS_recvfrom, "recvfrom"}, {SYS_recvmsg, "recvmsg"},
    {SYS_accept4, "accept4"},   {SYS_connect, "connect"},
    {SYS_ppoll, "ppoll"},       {SYS_futex, "futex"},
};

// A file of /proc, without the newline at its end. Nothing if the thread has
// gone or this process may not read it; errno says which.
std::optional<std::string> Read(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path);
  std::ostringstream content;
  if (!(content << file.rdbuf())) return std::nullopt;
  return std::string(absl::StripTrailingAsciiWhitespace(content.str()));
}

// "44 0x7 …", "running", or "-1 …" outside of any system call.
std::string SystemCallName(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  long number = -1;
  if (!absl::SimpleAtoi(words.front(), &number) || number < 0) return "";
  for (const auto& [known, name] : kSystemCalls) {
    if (known == number) return name;
  }
  return absl::StrCat("system call ", number);
}

// The state is the first word after the name, which is in parentheses and may
// have any character in it.
char State(absl::string_view stat) {
  const size_t end = stat.rfind(") ");
  return end == absl::string_view::npos || end + 2 >= stat.size()
             ? '?'
             : stat[end + 2];
}

// Nothing if the thread has gone.
absl::StatusOr<std::optional<WaitingThread>> Look(
    const std::filesystem::path& folder) {
  const std::optional<std::string> system_call = Read(folder / "syscall");
  if (!system_call.has_value()) {
    if (errno != EACCES && errno != EPERM) return std::nullopt;
    return absl::PermissionDeniedError(
        absl::StrCat(folder.string(), "/syscall: ", std::strerror(errno)));
  }
  WaitingThread thread;
  if (!absl::SimpleAtoi(folder.filename().string(), &thread.id)) {
    return std::nullopt;
  }
  thread.system_call = SystemCallName(*system_call);
  thread.state = State(Read(folder / "stat").value_or(""));
  thread.wait_channel = Read(folder / "wchan").value_or("");
  if (thread.wait_channel == "0") thread.wait_channel.clear();
  return thread;
}

}  // namespace

std::string WaitingThread::ToString() const {
  return absl::StrCat(state == 'S' ? "asleep " : "awake ",
                      system_call.empty() ? "in no system call"
                                          : absl::StrCat("in ", system_call));
}

Json WaitingThread::ToJson() const {
  return {{"id", id},
          {"state", std::string(1, state)},
          {"systemCall", system_call},
          {"waitChannel", wait_channel}};
}

absl::StatusOr<std::vector<WaitingThread>> FindWaitingThreads(
    pid_t process, absl::string_view verb) {
  std::vector<WaitingThread> threads;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(
           absl::StrCat("/proc/", process, "/task"), error)) {
    const std::optional<std::string> name = Read(entry.path() / "comm");
    if (!name.has_value() || absl::StripPrefix(*name, "call:") != verb) {
      continue;
    }
    absl::StatusOr<std::optional<WaitingThread>> thread = Look(entry.path());
    if (!thread.ok()) return thread.status();
    if (thread->has_value()) threads.push_back(**std::move(thread));
  }
  return threads;
}

}  // namespace standoff::client

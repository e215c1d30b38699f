#include "lib/thread_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "absl/strings/string_view.h"

namespace standoff {
namespace {

// The beginning of a file of the thread's; empty if it can't be read.
absl::string_view Read(pid_t thread_id, const char* file,
                       std::array<char, 128>& buffer) {
  std::array<char, 64> path;
  std::snprintf(path.data(), path.size(), "/proc/self/task/%d/%s", thread_id,
                file);
  const int fd = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  close(fd);
  if (size <= 0) return {};
  return absl::string_view(buffer.data(), static_cast<size_t>(size));
}

}  // namespace

std::optional<int64_t> SyscallOf(pid_t thread_id) {
  std::array<char, 128> buffer;
  const absl::string_view text = Read(thread_id, "syscall", buffer);
  if (text.empty()) return std::nullopt;
  int64_t number = -1;
  // "running", or the number and its arguments.
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string WaitChannelOf(pid_t thread_id) {
  std::array<char, 128> buffer;
  const absl::string_view text = Read(thread_id, "wchan", buffer);
  return text == "0" ? std::string() : std::string(text);
}

}  // namespace standoff

#include "server/processes/async_sources.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/processes/limits.h"

namespace standoff {
namespace {

// Whether there are POSIX timers in the file; nullopt if it can't be read. It
// does not tell whether they are set.
std::optional<bool> HasTimers(const ProcFolder& folder, const char* file) {
  const std::optional<std::string> text = folder.Read(file, 1);
  if (!text.has_value()) return std::nullopt;
  return !text->empty();
}

}  // namespace

void AsyncSources::Add(const ProcFolder& folder, const ProcFolder& living,
                       const StatusFile& status, v1::Process& process) {
  bool is_unreadable = false;
  const auto add = [&](std::optional<bool> is_there, v1::AsyncSource source) {
    if (!is_there.has_value()) {
      is_unreadable = true;
    } else if (*is_there) {
      AddAsyncSource(source, process);
    }
  };
  const std::optional<std::string> maps = living.Read("maps", kMaxMapsSize + 1);
  // Rings and contexts stay in memory when their descriptors were closed.
  const auto is_mapped = [&](const char* name) -> std::optional<bool> {
    if (!maps.has_value()) return std::nullopt;
    if (absl::StrContains(*maps, name)) return true;
    if (maps->size() > kMaxMapsSize) return std::nullopt;
    return false;
  };
  add(is_mapped("anon_inode:[io_uring]"), v1::ASYNC_SOURCE_IO_URING);
  add(is_mapped("/[aio]"), v1::ASYNC_SOURCE_AIO);
  add(HasTimers(folder, "timers"), v1::ASYNC_SOURCE_TIMER);
  // SIGVTALRM and SIGPROF come of processor time, which none that sleeps has.
  add(status.Catches(SIGALRM), v1::ASYNC_SOURCE_ALARM_HANDLER);
  add(status.Catches(SIGIO), v1::ASYNC_SOURCE_IO_HANDLER);
  add(ParentHasTimers(process.parent_pid()), v1::ASYNC_SOURCE_PARENT_TIMER);
  if (is_unreadable) AddAsyncSource(v1::ASYNC_SOURCE_UNREADABLE, process);
}

std::optional<bool> AsyncSources::ParentHasTimers(pid_t parent) {
  // It is in another PID namespace, or there is none.
  if (parent == 0) return false;
  const auto [entry, is_new] = parents_.try_emplace(parent);
  if (is_new) {
    entry->second = HasTimers(proc_, absl::StrCat(parent, "/timers").c_str());
    // It has ended.
    if (!entry->second.has_value() && (errno == ENOENT || errno == ESRCH)) {
      entry->second = false;
    }
  }
  return entry->second;
}

void AddAsyncSource(v1::AsyncSource source, v1::Process& process) {
  const auto& sources = process.async_sources();
  if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
    process.add_async_sources(source);
  }
}

}  // namespace standoff

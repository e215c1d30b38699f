#include "server/processes/processes.h"

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/processes/limits.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"
#include "server/processes/process_sockets.h"
#include "server/processes/read_thread.h"
#include "server/processes/socket_timeouts.h"
#include "server/processes/text.h"

namespace standoff {
namespace {

// More than these files have.
constexpr size_t kFileSize = 16 * 1024;
// Of a character that is cut.
constexpr size_t kCharacterSize = 4;

bool IsForbidden(int error) { return error == EACCES || error == EPERM; }

struct FoundProcess {
  v1::Process process;
  // A descriptor of each of `process.sockets`.
  std::vector<int> descriptors;
};

class Scan {
 public:
  // Reads all processes.
  void Run() {
    const ProcFolder proc("/proc");
    // Its own id, in the PID namespace that /proc is of.
    const std::string self = proc.ReadLink("self").value_or("");
    proc.ForEachNumber([&](const char* name) {
      if (name != self) Add(proc, name);
      return true;
    });
  }

  const Inodes& inodes() const { return inodes_; }
  uint32_t unreadable() const { return unreadable_; }
  std::vector<FoundProcess> TakeProcesses() { return std::move(processes_); }

 private:
  void Add(const ProcFolder& proc, const char* name) {
    const ProcFolder folder(proc, name);
    FoundProcess found;
    v1::Process& process = found.process;
    int32_t pid = 0;
    if (!absl::SimpleAtoi(name, &pid) || !folder.is_open()) return;
    process.set_pid(pid);
    errno = 0;
    if (!AddSockets(folder, found)) {
      if (IsForbidden(errno)) CountUnreadable(folder);
      return;
    }
    if (process.sockets().empty()) return;
    if (processes_.size() == kMaxProcesses ||
        socket_references_ + static_cast<size_t>(process.sockets_size()) >
            kMaxSocketReferences) {
      ++unreadable_;
      return;
    }
    const std::optional<std::string> status = folder.Read("status", kFileSize);
    // It may have ended.
    if (!status.has_value()) return;
    process.set_user_id(ParseStatus(*status).effective_user_id);
    process.set_name(PrintableText(
        folder.Read("comm", kMaxProcessName).value_or(""), kMaxProcessName));
    process.set_command_line(PrintableText(
        folder.Read("cmdline", kMaxCommandLine + kCharacterSize).value_or(""),
        kMaxCommandLine));
    AddThreads(folder, process);
    socket_references_ += static_cast<size_t>(process.sockets_size());
    inodes_.insert(process.sockets().begin(), process.sockets().end());
    processes_.push_back(std::move(found));
  }

  // False, with errno, if they can't be read.
  static bool AddSockets(const ProcFolder& folder, FoundProcess& process) {
    const ProcFolder descriptors(folder, "fd");
    if (!descriptors.is_open()) return false;
    Inodes inodes;
    int error = 0;
    descriptors.ForEachNumber([&](const char* name) {
      const std::optional<std::string> link = descriptors.ReadLink(name);
      if (!link.has_value() && IsForbidden(errno)) {
        error = errno;
        return false;
      }
      const std::optional<uint64_t> inode =
          link.has_value() ? SocketInode(*link) : std::nullopt;
      int32_t descriptor = 0;
      if (inode.has_value() && absl::SimpleAtoi(name, &descriptor) &&
          inodes.insert(*inode).second) {
        process.process.add_sockets(*inode);
        process.descriptors.push_back(descriptor);
      }
      return inodes.size() < kMaxSocketReferences;
    });
    errno = error;
    return error == 0;
  }

  // But for the kernel's own, and those that have ended, which have nothing.
  void CountUnreadable(const ProcFolder& folder) {
    const std::optional<std::string> status = folder.Read("status", kFileSize);
    if (status.has_value() && ParseStatus(*status).has_memory) ++unreadable_;
  }

  void AddThreads(const ProcFolder& folder, v1::Process& process) {
    const Abi abi = Is32Bit(folder.Read("auxv", kFileSize).value_or(""))
                        ? Abi::kForeign
                        : Abi::kNative;
    const ProcFolder tasks(folder, "task");
    tasks.ForEachNumber([&](const char* name) {
      if (static_cast<size_t>(process.threads_size()) == kMaxProcessThreads ||
          threads_left_ == 0) {
        process.set_threads_left_out(process.threads_left_out() + 1);
        return true;
      }
      int32_t id = 0;
      const ProcFolder task(tasks, name);
      if (!absl::SimpleAtoi(name, &id) || !task.is_open()) return true;
      std::optional<v1::ProcessThread> thread =
          ReadThread(task, id, abi, std::min(kMaxThreadWaits, waits_left_));
      if (!thread.has_value()) return true;
      --threads_left_;
      waits_left_ -= std::min<size_t>(
          waits_left_, static_cast<size_t>(thread->waits_size()));
      *process.add_threads() = *std::move(thread);
      return true;
    });
  }

  std::vector<FoundProcess> processes_;
  // The sockets of all of them.
  Inodes inodes_;
  size_t socket_references_ = 0;
  size_t threads_left_ = kMaxThreads;
  size_t waits_left_ = kMaxWaits;
  uint32_t unreadable_ = 0;
};

}  // namespace

absl::Status AddProcesses(v1::SnapshotResponse& response) {
  Scan scan;
  scan.Run();
  const absl::StatusOr<Inodes> found =
      AddProcessSockets(scan.inodes(), response);
  if (!found.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "processes: the kernel tells nothing of their sockets: sock_diag: ",
        found.status().message()));
  }
  response.set_unreadable_processes(scan.unreadable());
  SocketTimeouts timeouts(response);
  for (auto& [process, descriptors] : scan.TakeProcesses()) {
    const bool has_socket = std::any_of(
        process.sockets().begin(), process.sockets().end(),
        [&found](uint64_t inode) { return found->contains(inode); });
    if (!has_socket) continue;
    timeouts.Add(process, descriptors);
    *response.add_processes() = std::move(process);
  }
  return absl::OkStatus();
}

}  // namespace standoff

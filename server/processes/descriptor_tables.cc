#include "server/processes/descriptor_tables.h"

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "server/processes/limits.h"
#include "server/processes/proc_files.h"

namespace standoff {
namespace {

// More than these files have.
constexpr size_t kFileSize = 16 * 1024;
// Tables that others are compared with: a program has one, or two.
constexpr size_t kMaxCompared = 16;

bool IsForbidden(int error) { return error == EACCES || error == EPERM; }

class Reader {
 public:
  explicit Reader(Descriptors& found) : found_(found) {}

  // Of a thread or process, by its folder. False if it can't be read.
  bool ReadTable(const ProcFolder& folder, pid_t thread) {
    if (tables_ == kMaxDescriptorTables) return false;
    ++tables_;
    const ProcFolder table(folder, "fd");
    // It may have ended.
    if (!table.is_open()) return !IsForbidden(errno) || HasEnded(folder);
    bool is_readable = true;
    table.ForEachNumber([&](const char* name) {
      const std::optional<std::string> link = table.ReadLink(name);
      if (!link.has_value()) {
        is_readable = !IsForbidden(errno) || HasEnded(folder);
        return is_readable;
      }
      Add(*link, thread, name);
      return inodes_.size() < kMaxSocketReferences;
    });
    return is_readable;
  }

  bool ReadThreads(const ProcFolder& process) {
    const ProcFolder threads(process, "task");
    if (!threads.is_open()) return !IsForbidden(errno);
    bool is_readable = true;
    threads.ForEachNumber([&](const char* name) {
      pid_t thread = 0;
      if (!absl::SimpleAtoi(name, &thread) || HasReadTableOf(thread)) {
        return true;
      }
      const ProcFolder folder(threads, name);
      if (folder.is_open()) {
        is_readable = ReadTable(folder, thread) && is_readable;
        if (compared_.size() < kMaxCompared) compared_.push_back(thread);
      }
      return true;
    });
    return is_readable;
  }

 private:
  // What has ended has no memory, and is nobody's.
  static bool HasEnded(const ProcFolder& folder) {
    const std::optional<std::string> status = folder.Read("status", kFileSize);
    return !status.has_value() || !ParseStatus(*status).has_memory;
  }

  bool HasReadTableOf(pid_t thread) const {
    return std::any_of(compared_.begin(), compared_.end(), [&](pid_t other) {
      return syscall(SYS_kcmp, thread, other, KCMP_FILES, 0, 0) == 0;
    });
  }

  void Add(const std::string& link, pid_t thread, const char* name) {
    const std::optional<uint64_t> inode = SocketInode(link);
    if (!inode.has_value()) {
      if (link == "anon_inode:[io_uring]") found_.has_io_uring = true;
      return;
    }
    SocketDescriptor socket = {.inode = *inode, .thread = thread};
    if (absl::SimpleAtoi(name, &socket.fd) && inodes_.insert(*inode).second) {
      found_.sockets.push_back(socket);
    }
  }

  Descriptors& found_;
  absl::flat_hash_set<uint64_t> inodes_;
  // Threads whose tables were read, each another one.
  std::vector<pid_t> compared_;
  size_t tables_ = 0;
};

}  // namespace

bool ReadDescriptors(const ProcFolder& process, pid_t id, int threads,
                     Descriptors& found) {
  Reader reader(found);
  return threads > 1 ? reader.ReadThreads(process)
                     : reader.ReadTable(process, id);
}

}  // namespace standoff

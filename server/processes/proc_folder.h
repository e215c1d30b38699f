// Folders of proc(5).

#ifndef STANDOFF_SERVER_PROCESSES_PROC_FOLDER_H_
#define STANDOFF_SERVER_PROCESSES_PROC_FOLDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

namespace standoff {

// A folder, held open: /proc/PID and what is below stay with the process that
// had the id when it was opened, and can't be read when that has ended.
// Move-only.
class ProcFolder {
 public:
  // Not open if there is no such folder or it can't be read; errno says why.
  explicit ProcFolder(const char* path);
  // The same, for one in `parent`.
  ProcFolder(const ProcFolder& parent, const char* name);
  ProcFolder(ProcFolder&& other) noexcept;
  ProcFolder& operator=(ProcFolder&&) = delete;
  ~ProcFolder();

  bool is_open() const { return fd_ >= 0; }

  // The first `limit` bytes of a file; nullopt if it can't be read: errno says
  // why.
  std::optional<std::string> Read(const char* file, size_t limit) const;

  // Fills `buffer` with what a file has at `offset`. False if it has not so
  // much, or can't be read.
  bool ReadAt(const char* file, uint64_t offset, absl::Span<char> buffer) const;

  // Where a symbolic link leads, as far as 63 bytes; nullopt if it can't be
  // read.
  std::optional<std::string> ReadLink(const char* link) const;

  // Calls `visit` with the names that are numbers, which are those of
  // processes, threads and descriptors, until it returns false.
  void ForEachNumber(absl::FunctionRef<bool(const char* name)> visit) const;

 private:
  int fd_;
};

// The inode of a socket, from the link that a descriptor is (/proc/PID/fd/N):
// "socket:[12345]". nullopt if it is something else.
std::optional<uint64_t> SocketInode(const std::string& link);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_PROC_FOLDER_H_

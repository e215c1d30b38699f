#include "server/processes/proc_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace standoff {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

class File {
 public:
  File(int folder, const char* name)
      : fd_(openat(folder, name, O_RDONLY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    const int error = errno;
    if (fd_ >= 0) close(fd_);
    errno = error;
  }

  int fd() const { return fd_; }

 private:
  const int fd_;
};

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

ProcFolder::ProcFolder(const char* path) : fd_(open(path, kFolder)) {}

ProcFolder::ProcFolder(const ProcFolder& parent, const char* name)
    : fd_(openat(parent.fd_, name, kFolder)) {}

ProcFolder::ProcFolder(ProcFolder&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

ProcFolder::~ProcFolder() {
  if (fd_ >= 0) close(fd_);
}

std::optional<std::string> ProcFolder::Read(const char* file,
                                            size_t limit) const {
  const File opened(fd_, file);
  if (opened.fd() < 0) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < limit) {
    const ssize_t size = read(opened.fd(), buffer.data(),
                              std::min(buffer.size(), limit - text.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    if (size == 0) break;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  return text;
}

bool ProcFolder::ReadAt(const char* file, uint64_t offset,
                        absl::Span<char> buffer) const {
  const File opened(fd_, file);
  while (opened.fd() >= 0 && !buffer.empty()) {
    const ssize_t size = pread(opened.fd(), buffer.data(), buffer.size(),
                               static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    buffer.remove_prefix(static_cast<size_t>(size));
    offset += static_cast<uint64_t>(size);
  }
  return opened.fd() >= 0;
}

std::optional<std::string> ProcFolder::ReadLink(const char* link) const {
  std::array<char, 64> target;
  const ssize_t size = readlinkat(fd_, link, target.data(), target.size() - 1);
  if (size < 0) return std::nullopt;
  return std::string(target.data(), static_cast<size_t>(size));
}

void ProcFolder::ForEachNumber(
    absl::FunctionRef<bool(const char* name)> visit) const {
  // What reads a folder closes its descriptor.
  const int fd = openat(fd_, ".", kFolder);
  if (fd < 0) return;
  const std::unique_ptr<DIR, CloseFolder> folder(fdopendir(fd));
  if (folder == nullptr) {
    close(fd);
    return;
  }
  while (const dirent* const entry = readdir(folder.get())) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(entry->d_name[0]))) {
      continue;
    }
    if (!visit(entry->d_name)) return;
  }
}

std::optional<uint64_t> SocketInode(const std::string& link) {
  absl::string_view number = link;
  uint64_t inode = 0;
  if (!absl::ConsumePrefix(&number, "socket:[") ||
      !absl::ConsumeSuffix(&number, "]") || !absl::SimpleAtoi(number, &inode)) {
    return std::nullopt;
  }
  return inode;
}

}  // namespace standoff

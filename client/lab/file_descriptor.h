// An owned file descriptor of this process.

#ifndef STANDOFF_CLIENT_LAB_FILE_DESCRIPTOR_H_
#define STANDOFF_CLIENT_LAB_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace standoff::client {

// Closes its descriptor when it is destroyed. Move-only.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { Reset(); }

  // -1 if there is none.
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  void Reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_FILE_DESCRIPTOR_H_

#include "client/lab/stream.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace standoff::client {
namespace {

// Keeps the numbers of the standard descriptors free, as Spawn() wants it.
absl::StatusOr<FileDescriptor> AboveStandard(int fd, absl::string_view what) {
  if (fd < 0) return absl::ErrnoToStatus(errno, what);
  FileDescriptor descriptor(fd);
  if (fd > STDERR_FILENO) return descriptor;
  FileDescriptor moved(fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!moved.valid()) return absl::ErrnoToStatus(errno, what);
  return moved;
}

// Puts an opened descriptor where it belongs.
absl::Status Take(absl::StatusOr<FileDescriptor> opened, FileDescriptor* to) {
  if (opened.ok()) *to = *std::move(opened);
  return opened.status();
}

absl::Status MakePipe(FileDescriptor* read_end, FileDescriptor* write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe2");
  absl::Status status = Take(AboveStandard(ends[0], "pipe2"), read_end);
  status.Update(Take(AboveStandard(ends[1], "pipe2"), write_end));
  return status;
}

absl::Status Capture(FileDescriptor* theirs, FileDescriptor* ours) {
  absl::Status status =
      Take(AboveStandard(memfd_create("captured", MFD_CLOEXEC), "memfd_create"),
           theirs);
  if (!status.ok()) return status;
  return Take(AboveStandard(fcntl(theirs->get(), F_DUPFD_CLOEXEC, 0), "dup"),
              ours);
}

}  // namespace

absl::StatusOr<ConnectedStream> ConnectStream(Stream stream, int standard) {
  ConnectedStream connected;
  absl::Status status;
  switch (stream) {
    case Stream::kInherit:
      connected.number = standard;
      return connected;
    case Stream::kNull:
      status = Take(
          AboveStandard(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null"),
          &connected.theirs);
      break;
    case Stream::kCapture:
      status = Capture(&connected.theirs, &connected.ours);
      break;
    case Stream::kPipe:
      status = standard == STDIN_FILENO
                   ? MakePipe(&connected.theirs, &connected.ours)
                   : MakePipe(&connected.ours, &connected.theirs);
      break;
  }
  if (!status.ok()) return status;
  connected.number = connected.theirs.get();
  return connected;
}

std::string ReadCaptured(const FileDescriptor& captured) {
  std::string content;
  if (!captured.valid()) return content;
  char buffer[4096];
  ssize_t count;
  // Not read(): the offset is the writer's.
  while ((count = pread(captured.get(), buffer, sizeof(buffer),
                        static_cast<off_t>(content.size()))) > 0) {
    content.append(buffer, static_cast<size_t>(count));
  }
  return content;
}

}  // namespace standoff::client

// What a child's standard input and outputs are connected to. For implementing
// Process.

#ifndef STANDOFF_CLIENT_LAB_STREAM_H_
#define STANDOFF_CLIENT_LAB_STREAM_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/lab/file_descriptor.h"

namespace standoff::client {

// What a child's standard input or output is.
enum class Stream {
  // The null device.
  kNull,
  // This process' own.
  kInherit,
  // A pipe to or from this process.
  kPipe,
  // Of outputs only: kept in memory. The child never waits for somebody to
  // read it.
  kCapture,
};

// One of a child's standard descriptors.
struct ConnectedStream {
  // The child's side, and its number, which Spawn() takes.
  FileDescriptor theirs;
  int number = -1;
  // Ours, if there is one: our end of the pipe, or what is captured.
  FileDescriptor ours;
};

// Makes the descriptors for a stream that the child knows as `standard`: 0 for
// its input, 1 and 2 for its outputs. The system's error if that fails.
absl::StatusOr<ConnectedStream> ConnectStream(Stream stream, int standard);

// Everything that was written so far to a captured stream. Empty for an
// invalid descriptor.
std::string ReadCaptured(const FileDescriptor& captured);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_STREAM_H_

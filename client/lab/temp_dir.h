// Temporary folders that don't outlive their owner.

#ifndef STANDOFF_CLIENT_LAB_TEMP_DIR_H_
#define STANDOFF_CLIENT_LAB_TEMP_DIR_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "client/lab/process.h"

namespace standoff::client {

// A private folder in /tmp, removed with all that is in it when the object is
// destroyed or this process dies, in whatever way: a child made it and removes
// it when its input ends. Its path is short enough for Unix sockets. Move-only.
class TempDir {
 public:
  static absl::StatusOr<TempDir> Create();

  TempDir(TempDir&&) noexcept = default;
  TempDir& operator=(TempDir&&) = delete;
  // Waits until the folder is gone, at most a few seconds.
  ~TempDir();

  // Its absolute path.
  const std::string& path() const { return path_; }

 private:
  TempDir(Process keeper, std::string path)
      : keeper_(std::move(keeper)), path_(std::move(path)) {}

  Process keeper_;
  // Empty after it was moved from.
  std::string path_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_TEMP_DIR_H_

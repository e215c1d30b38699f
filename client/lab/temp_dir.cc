#include "client/lab/temp_dir.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// Not $TMPDIR, which may be too long for a Unix socket's path (108 bytes).
constexpr char kKeeper[] = R"sh(
trap '' HUP INT TERM
path=$(mktemp -d /tmp/standoff-XXXXXX) || exit 1
echo "$path"
cat >/dev/null
rm -rf -- "$path"
)sh";

}  // namespace

absl::StatusOr<TempDir> TempDir::Create() {
  absl::StatusOr<Process> keeper =
      Process::Start({.command = {"/bin/sh", "-c", kKeeper},
                      .standard_input = Stream::kPipe,
                      .standard_output = Stream::kPipe});
  if (!keeper.ok()) return keeper.status();
  absl::StatusOr<std::string> path = keeper->ReadLine(kPatience);
  if (!path.ok()) {
    return absl::InternalError(absl::StrCat(
        "can't make a temporary folder: ", path.status().message(), ": ",
        absl::StripTrailingAsciiWhitespace(keeper->Errors())));
  }
  return TempDir(*std::move(keeper), *std::move(path));
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  keeper_.CloseInput();
  keeper_.Wait(kPatience).IgnoreError();
}

}  // namespace standoff::client

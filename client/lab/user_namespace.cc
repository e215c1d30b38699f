#include "client/lab/user_namespace.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/lab/file_descriptor.h"

namespace standoff::client {
namespace {

// What went wrong, in a form that goes through a pipe.
struct Failure {
  char step[64] = "";
  int error = 0;

  bool any() const { return error != 0; }
};

Failure Fail(const char* step) {
  Failure failure;
  failure.error = errno;
  std::strncpy(failure.step, step, sizeof(failure.step) - 1);
  return failure;
}

bool HasCapabilities() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3,
                                     .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  const auto has = [&](unsigned capability) {
    return (data[CAP_TO_INDEX(capability)].effective &
            CAP_TO_MASK(capability)) != 0;
  };
  return has(CAP_SYS_ADMIN) && has(CAP_NET_ADMIN);
}

Failure Write(const char* path, const std::string& text) {
  FileDescriptor file(open(path, O_WRONLY | O_CLOEXEC));
  if (!file.valid() || write(file.get(), text.data(), text.size()) !=
                           static_cast<ssize_t>(text.size())) {
    return Fail(path);
  }
  return {};
}

// Moves this process into a new user namespace as its root.
Failure Enter() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWUSER) != 0) return Fail("unshare(CLONE_NEWUSER)");
  // An ordinary user may map a group only where groups can't be dropped.
  Failure failure = Write("/proc/self/setgroups", "deny");
  if (!failure.any()) {
    failure = Write("/proc/self/uid_map", absl::StrCat("0 ", user, " 1"));
  }
  if (!failure.any()) {
    failure = Write("/proc/self/gid_map", absl::StrCat("0 ", group, " 1"));
  }
  return failure;
}

// Does the same in a child, and makes a network namespace there: systems differ
// in which step they forbid, and there is no way back from the first.
Failure Try() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail("pipe2");
  FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return Fail("fork");
  if (child == 0) {
    Failure failure = Enter();
    if (!failure.any() && unshare(CLONE_NEWNET) != 0) {
      failure = Fail("unshare(CLONE_NEWNET)");
    }
    const ssize_t written = write(write_end.get(), &failure, sizeof(failure));
    _exit(written == sizeof(failure) ? 0 : 1);
  }
  write_end.Reset();
  Failure failure;
  const ssize_t count = read(read_end.get(), &failure, sizeof(failure));
  if (count != sizeof(failure)) {
    errno = ECHILD;
    failure = Fail("a child that tries it");
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return failure;
}

}  // namespace

absl::Status EnterUserNamespaceIfNeeded() {
  if (HasCapabilities()) return absl::OkStatus();
  Failure failure = Try();
  if (!failure.any()) failure = Enter();
  if (!failure.any()) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "can't make network namespaces: this process is not root, and in a user "
      "namespace ",
      failure.step, " says: ", std::strerror(failure.error)));
}

}  // namespace standoff::client

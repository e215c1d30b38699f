#include "tests/testing/process_snapshots.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "gtest/gtest.h"
#include "tests/testing/must.h"
#include "tests/testing/waiting.h"

namespace standoff::client {

bool MayTrace() {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  return geteuid() == 0 || !(file >> scope) || scope == 0;
}

v1::SnapshotResponse SnapshotOf(const Host& host) {
  return Must(host.Snapshot({.processes = true}));
}

std::optional<v1::Process> Find(const v1::SnapshotResponse& snapshot,
                                pid_t pid) {
  for (const v1::Process& process : snapshot.processes()) {
    if (process.pid() == pid) return process;
  }
  return std::nullopt;
}

v1::SocketDescription SocketWith(const v1::SnapshotResponse& snapshot,
                                 uint64_t inode) {
  for (const v1::ProcessSocket& socket : snapshot.process_sockets()) {
    if (socket.socket().inode() == inode) return socket.socket();
  }
  ADD_FAILURE() << "no socket " << inode;
  return {};
}

v1::ProcessThread MainThread(const v1::SnapshotResponse& snapshot, pid_t pid) {
  const std::optional<v1::Process> process = Find(snapshot, pid);
  if (!process.has_value()) return {};
  for (const v1::ProcessThread& thread : process->threads()) {
    if (thread.thread_id() == pid) return thread;
  }
  return {};
}

v1::SnapshotResponse SnapshotAsleep(const Host& host,
                                    const PythonProgram& program,
                                    const std::vector<std::string>& syscalls) {
  v1::SnapshotResponse snapshot;
  EXPECT_TRUE(Eventually([&] {
    snapshot = SnapshotOf(host);
    const std::string syscall = MainThread(snapshot, program.pid()).syscall();
    return std::count(syscalls.begin(), syscalls.end(), syscall) > 0;
  }));
  return snapshot;
}

}  // namespace standoff::client

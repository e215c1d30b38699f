// Snapshots of a host's processes, and what a test looks for in them.

#ifndef STANDOFF_TESTS_TESTING_PROCESS_SNAPSHOTS_H_
#define STANDOFF_TESTS_TESTING_PROCESS_SNAPSHOTS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/host.h"
#include "standoff/v1/host_service.pb.h"
#include "standoff/v1/process.pb.h"
#include "tests/testing/python_program.h"

namespace standoff::client {

// Whether this user may look into the threads of its other processes: Yama can
// forbid that (ptrace(2)).
bool MayTrace();

// Of a daemon with --allow_processes.
v1::SnapshotResponse SnapshotOf(const Host& host);

// The process, if the snapshot has it.
std::optional<v1::Process> Find(const v1::SnapshotResponse& snapshot,
                                pid_t pid);
// The process's first thread; an empty one if it is not there.
v1::ProcessThread MainThread(const v1::SnapshotResponse& snapshot, pid_t pid);
// The socket of a process; if it is not there, the test fails.
v1::SocketDescription SocketWith(const v1::SnapshotResponse& snapshot,
                                 uint64_t inode);

// The first snapshot in which the program's main thread sleeps in one of these
// system calls.
v1::SnapshotResponse SnapshotAsleep(const Host& host,
                                    const PythonProgram& program,
                                    const std::vector<std::string>& syscalls);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_PROCESS_SNAPSHOTS_H_

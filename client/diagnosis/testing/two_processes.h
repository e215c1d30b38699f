// Two processes on two hosts that wait for each other, written by hand.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_TESTING_TWO_PROCESSES_H_
#define STANDOFF_CLIENT_DIAGNOSIS_TESTING_TWO_PROCESSES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/diagnosis/testing/host_maker.h"
#include "client/diagnosis/testing/must_diagnose.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/process.pb.h"

namespace standoff::client {

// Adds a process with one thread that sleeps in recvfrom on a connection, as
// its only socket, whose inode number is returned.
inline uint64_t AddReceiver(HostMaker& host, int32_t pid,
                            absl::string_view local, absl::string_view peer) {
  v1::SnapshotResponse& snapshot = host.snapshot();
  v1::SocketDescription socket = host.AddTcp("x", local, peer);
  snapshot.mutable_sockets()->RemoveLast();
  socket.clear_name();
  socket.clear_last_use();
  *snapshot.add_process_sockets()->mutable_socket() = socket;
  snapshot.set_has_processes(true);
  v1::Process& process = *snapshot.add_processes();
  process.set_pid(pid);
  process.set_name("python3");
  process.add_sockets(socket.inode());
  v1::ProcessThread& thread = *process.add_threads();
  thread.set_thread_id(pid);
  thread.set_state("S");
  thread.set_syscall("recvfrom");
  thread.set_wait_channel("wait_woken");
  thread.set_context_switches(7);
  v1::ThreadWait& wait = *thread.add_waits();
  wait.set_inode(socket.inode());
  wait.add_events(v1::POLL_EVENT_IN);
  wait.set_length(100);
  return socket.inode();
}

// One on each host, in each other's connection.
class TwoProcesses : public ::testing::Test {
 protected:
  TwoProcesses() {
    AddReceiver(left_, 11, "10.0.0.1:1000", "10.0.0.2:80");
    AddReceiver(right_, 22, "10.0.0.2:80", "10.0.0.1:1000");
  }

  v1::Diagnosis Twice() const {
    return MustDiagnose({left_.Twice(), right_.Twice()});
  }

  v1::Process& right_process() {
    return *right_.snapshot().mutable_processes(0);
  }
  v1::ProcessThread& right_thread() {
    return *right_process().mutable_threads(0);
  }
  v1::SocketDescription& right_socket() {
    return *right_.snapshot().mutable_process_sockets(0)->mutable_socket();
  }
  v1::SocketDescription& left_socket() {
    return *left_.snapshot().mutable_process_sockets(0)->mutable_socket();
  }

  HostMaker left_{"left", {"10.0.0.1"}};
  HostMaker right_{"right", {"10.0.0.2"}};
};

// The call of the only process of a host.
inline const v1::BlockedCall& CallOn(const v1::Diagnosis& diagnosis,
                                     const std::string& host) {
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    if (call.caller().host() == host) return call;
  }
  ADD_FAILURE() << "no blocked call on " << host;
  return v1::BlockedCall::default_instance();
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_TESTING_TWO_PROCESSES_H_

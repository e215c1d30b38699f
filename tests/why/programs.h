// Programs that know nothing of Standoff, one on each of two hosts.

#ifndef STANDOFF_TESTS_WHY_PROGRAMS_H_
#define STANDOFF_TESTS_WHY_PROGRAMS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/process.h"
#include "standoff/v1/diagnosis.pb.h"
#include "tests/why/two_hosts.h"

namespace standoff::client {

// What comes before the script of a Python program that is one end of a
// connection: it connects, or takes one connection after it has said its port.
// The script then has `peer`, and `listener` or `address`.
inline constexpr char kOneEnd[] = R"(
import socket, sys
address = sys.argv[1], int(sys.argv[2])
if address[1] == 0:
    listener = socket.create_server(address)
    print(listener.getsockname()[1], flush=True)
    peer, _ = listener.accept()
else:
    peer = socket.create_connection(address)
)";

// A daemon on each host that may look at processes, and a program on each.
class ProgramsTest : public TwoHostsTest {
 protected:
  void SetUp() override;

  // The one on the second host listens. Both scripts follow kOneEnd; `wrapper`
  // is a command that runs the second program.
  void Start(const std::string& first, const std::string& second,
             const std::vector<std::string>& wrapper = {});
  void EndPrograms() { programs_.clear(); }

  Process& first() { return programs_[1]; }
  Process& second() { return programs_[0]; }

  const std::vector<Host>& hosts() const { return hosts_; }

  // Until so many calls of Python programs are blocked.
  v1::Diagnosis LookUntilBlocked(int calls) const;
  v1::Diagnosis LookUntilProved() const;
  v1::Diagnosis LookAtPrograms(
      const std::function<bool(const v1::Diagnosis&)>& condition) const;

  // The call of the program on the first or the second host.
  const v1::BlockedCall& CallOn(const v1::Diagnosis& diagnosis,
                                size_t host) const;

 private:
  void StartOn(size_t host, const std::string& script, const std::string& port,
               const std::vector<std::string>& wrapper);

  std::vector<Daemon> daemons_;
  std::vector<Host> hosts_;
  // The second one was started first.
  std::vector<Process> programs_;
};

// How many blocked calls are of processes with this name.
int CallsOf(const v1::Diagnosis& diagnosis, const std::string& process);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_PROGRAMS_H_

// Two hosts on which situations are made with real sockets and processes.

#ifndef STANDOFF_TESTS_WHY_RANDOM_STAGE_H_
#define STANDOFF_TESTS_WHY_RANDOM_STAGE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/lab.h"
#include "client/lab/temp_dir.h"

namespace standoff::client {

// A lab of two hosts, each with a daemon that may look at processes.
class Stage {
 public:
  Stage();

  bool can_freeze() const { return can_freeze_; }
  const Lab& lab() const { return lab_; }
  const std::vector<Host>& hosts() const { return hosts_; }
  const std::string& folder() const { return folder_.path(); }
  // The command that runs driver.py on a host.
  std::vector<std::string> DriverOn(size_t host) const;

 private:
  Lab lab_;
  TempDir folder_;
  bool can_freeze_ = false;
  std::vector<Daemon> daemons_;
  std::vector<Host> hosts_;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_RANDOM_STAGE_H_

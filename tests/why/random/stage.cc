#include "tests/why/random/stage.h"

#include <utility>

#include "client/lab/test_daemon.h"
#include "tests/testing/must.h"
#include "tests/why/freezer.h"

namespace standoff::client {

Stage::Stage()
    : lab_(Must(Lab::Create({"left", "right"}))),
      folder_(Must(TempDir::Create())) {
  if (std::string folder = Freezer::Find(false); !folder.empty()) {
    Freezer freezer(std::move(folder), false);
    can_freeze_ = true;
  }
  for (size_t i = 0; i < 2; ++i) {
    daemons_.push_back(StartTestDaemon(
        {.flags = {"--allow_processes"},
         .on = [this, i](const std::vector<std::string>& command) {
           return lab_.On(i, command);
         }}));
    hosts_.push_back(
        ConnectToTestDaemon(daemons_.back(), {.name = lab_.name(i)}));
  }
}

std::vector<std::string> Stage::DriverOn(size_t host) const {
  return lab_.On(host,
                 {"/usr/bin/python3", "-S", "tests/why/random/driver.py"});
}

}  // namespace standoff::client

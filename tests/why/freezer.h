// Control groups that can be frozen (cgroups(7)), as `docker pause` does it.

#ifndef STANDOFF_TESTS_WHY_FREEZER_H_
#define STANDOFF_TESTS_WHY_FREEZER_H_

#include <sys/types.h>

#include <string>

namespace standoff::client {

// A control group of the freezer, made and removed.
class Freezer {
 public:
  // Makes a folder, of version 2 or 1. Empty if there is none that can be
  // written.
  static std::string Find(bool second_version);

  Freezer(std::string folder, bool second_version);
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;
  // Thaws it, and waits until nobody is left in it.
  ~Freezer();

  // Waits until that is so.
  void Freeze(pid_t pid);
  void Thaw();

 private:
  const std::string folder_;
  const std::string file_;
  const std::string frozen_;
  const std::string thawed_;
  // What says that it has happened.
  const std::string events_;
  const std::string is_frozen_;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_FREEZER_H_

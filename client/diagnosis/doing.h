// What those do who could end a wait, in words.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_DOING_H_
#define STANDOFF_CLIENT_DIAGNOSIS_DOING_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/diagnosis/deadlocks.h"
#include "client/diagnosis/stillness.h"

namespace standoff::client {

class Doing {
 public:
  // Both must outlive it.
  Doing(const Survey& look, const Deadlocks& deadlocks)
      : look_(look), deadlocks_(deadlocks) {}

  // "right/bob is blocked in Receive on right:d", "python3 (pid 7) on left
  // sleeps in futex". Callers are indices in World::callers.
  std::string Words(size_t caller) const;

  // Whether it has something to do: it is no script's turn to use it.
  bool IsBusy(size_t caller) const;

  // The one who is nearest to acting: runs, is blocked, sleeps; nullopt if
  // nobody is busy.
  std::optional<size_t> Busiest(const std::vector<size_t>& callers) const;
  // One who is stopped, traced or frozen, if all of them are; else nullopt.
  std::optional<size_t> Held(const std::vector<size_t>& callers) const;

 private:
  std::string CallWords(size_t caller) const;

  const Survey& look_;
  const Deadlocks& deadlocks_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_DOING_H_

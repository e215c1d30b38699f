// What is true of a situation, by how it was made alone.

#ifndef STANDOFF_TESTS_WHY_RANDOM_TRUTH_H_
#define STANDOFF_TESTS_WHY_RANDOM_TRUTH_H_

#include <cstddef>
#include <set>
#include <vector>

#include "standoff/v1/diagnosis.pb.h"
#include "tests/why/random/situation.h"

namespace standoff::client {

struct Truth {
  explicit Truth(const Situation& situation);

  // Of each party: its call ends only if somebody outside acts.
  std::vector<bool> stuck;
  // The same if nothing acts by itself for those who sleep.
  std::vector<bool> seems_stuck;
  // Why its call does not go on, without deadlocks and UNKNOWN.
  std::vector<std::set<v1::Reason>> reasons;
  // All that a proof needs holds, whatever the knot.
  bool is_plain = true;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_RANDOM_TRUTH_H_

// Whether a diagnosis is true.

#ifndef STANDOFF_TESTS_WHY_RANDOM_VERDICT_H_
#define STANDOFF_TESTS_WHY_RANDOM_VERDICT_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "standoff/v1/diagnosis.pb.h"
#include "tests/why/random/situation.h"
#include "tests/why/random/truth.h"

namespace standoff::client {

// What was said so far.
struct Statistics {
  size_t situations = 0;
  size_t calls = 0;
  // Calls in proved deadlocks.
  size_t proved = 0;
  // Calls that are stuck where nothing is in a proof's way.
  size_t provable = 0;
  size_t provable_and_proved = 0;
  std::map<v1::Reason, size_t> reasons;
  // The same of each socket of a call.
  std::map<v1::Reason, size_t> evidence;
  // Calls that were not shown.
  size_t unseen = 0;
  // What was said of provable ones: the premises that lacked, or a reason.
  std::map<std::string, size_t> missing;

  std::string ToString() const;
};

// What is false in a diagnosis; empty if nothing is. `party_of` says who a
// caller is.
std::vector<std::string> FindFalse(
    const Situation& situation, const Truth& truth,
    const v1::Diagnosis& diagnosis,
    const std::function<size_t(const v1::Party&)>& party_of,
    Statistics& statistics);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_RANDOM_VERDICT_H_

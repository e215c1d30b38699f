// Tries everything that can happen, and every way to look at it.

#ifndef STANDOFF_TESTS_MODEL_EXPLORER_H_
#define STANDOFF_TESTS_MODEL_EXPLORER_H_

#include <cstddef>
#include <string>

#include "tests/model/configuration.h"
#include "tests/model/premises.h"

namespace standoff::model {

struct Exploration {
  // How many different states there are, how far the looks have got included.
  size_t states = 0;
  // In how many of them something has just been proved.
  size_t proofs = 0;
  // The shortest way to a call that goes on though it was proved that it can't,
  // a step a line; empty if there is none.
  std::string counterexample;
};

// From the start of `configuration`, for each set of calls that may be a knot.
Exploration Explore(const Configuration& configuration, const Needs& needs);

}  // namespace standoff::model

#endif  // STANDOFF_TESTS_MODEL_EXPLORER_H_

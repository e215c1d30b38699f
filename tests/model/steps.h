// What can happen: one step of a thread, of the network, of a timer or a ring.

#ifndef STANDOFF_TESTS_MODEL_STEPS_H_
#define STANDOFF_TESTS_MODEL_STEPS_H_

#include "absl/functional/function_ref.h"
#include "tests/model/configuration.h"
#include "tests/model/state.h"

namespace standoff::model {

// One step, for a trace.
struct Step {
  // With $0 for `who` and $1 for `what`.
  const char* text;
  int who;
  int what = 0;
};

// Takes a state that can come next.
using Emit = absl::FunctionRef<void(const State& next, Step step)>;

// All that can happen in `state`, looks apart.
void TakeSteps(const Configuration& configuration, const State& state,
               Emit emit);

// Whether a thread is in a call that can go on: it runs, or will at once.
bool IsReady(const Configuration& configuration, const State& state,
             const Thread& thread);

}  // namespace standoff::model

#endif  // STANDOFF_TESTS_MODEL_STEPS_H_

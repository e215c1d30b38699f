// How the diagnosis looks at the hosts: never at everything at one moment. Each
// process's table, each thread, each socket and each host's list of processes
// is read at a moment of its own, in any order but for what `Needs` says.
//
// It only matters whether a thing is read before or after it changes. So a read
// is put off until just before a step that changes what it will find, or to the
// end of the look: each order of reads and steps has one of this kind in which
// every read finds the same.

#ifndef STANDOFF_TESTS_MODEL_LOOKS_H_
#define STANDOFF_TESTS_MODEL_LOOKS_H_

#include "tests/model/configuration.h"
#include "tests/model/premises.h"
#include "tests/model/state.h"
#include "tests/model/steps.h"

namespace standoff::model {

// Emits what can come of a step from `before` to `next`: each choice of what of
// that which the step changes has been read before it. What can't be proved any
// more is left out.
void ReadBefore(const Configuration& configuration, const Needs& needs,
                const State& before, const State& next, Step step, Emit emit);

// Ends the look that is being taken by all reads that it lacks.
void FinishLook(const Configuration& configuration, const Needs& needs,
                const State& state, Emit emit);

}  // namespace standoff::model

#endif  // STANDOFF_TESTS_MODEL_LOOKS_H_

// Checks of a whole process, in one of its own.

#ifndef STANDOFF_LIB_TESTING_NEW_PROCESS_H_
#define STANDOFF_LIB_TESTING_NEW_PROCESS_H_

namespace standoff {

// Runs `check` in a new process of this test program, in which nothing else has
// run before. What it fails, the test that calls this fails. It has two
// minutes.
void RunInNewProcess(void (*check)());

}  // namespace standoff

#endif  // STANDOFF_LIB_TESTING_NEW_PROCESS_H_

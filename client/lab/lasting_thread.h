// A thread that lasts as long as the process does.

#ifndef STANDOFF_CLIENT_LAB_LASTING_THREAD_H_
#define STANDOFF_CLIENT_LAB_LASTING_THREAD_H_

#include <functional>

namespace standoff::client {

// Runs `work` on that thread and returns when it is done. It is started at the
// first use. Thread-safe.
//
// A child that asked for a signal at its parent's death (PR_SET_PDEATHSIG in
// prctl(2)) gets it when the *thread* that made it ends. Children made here
// outlive the threads that asked for them.
void RunOnLastingThread(const std::function<void()>& work);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_LASTING_THREAD_H_

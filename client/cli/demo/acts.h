// The five acts of the demo, and the verdict at its end.

#ifndef STANDOFF_CLIENT_CLI_DEMO_ACTS_H_
#define STANDOFF_CLIENT_CLI_DEMO_ACTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/demo/act.h"
#include "client/cli/demo/stage.h"

namespace standoff::client {

// Plays an act on a stage and tells it to `act`. A status that is not OK is the
// harness' (or a call that only prepares the act failed): the act could not be
// played to its end.
using Play = absl::Status(const Stage& stage, Act& act);

// What waiting means: waiting_acts.cc.
Play PlayBlockingReceive;
Play PlayNonBlockingReceive;
Play PlayTimeout;
// What deadlock means: deadlock_act.cc.
Play PlayMutualSend;
// And how to get out of it: ways_out_act.cc.
Play PlayWaysOut;

// After the acts: the same deadlock again, and what `standoff why` says of it:
// why_verdict.cc.
Play PlayWhy;

struct ActScript {
  std::string title;
  Play* play;
};

// In the order in which they are played.
inline std::vector<ActScript> Acts() {
  return {
      {"A blocking receive sleeps until there is something to receive",
       PlayBlockingReceive},
      {"A non-blocking receive fails at once", PlayNonBlockingReceive},
      {"A timeout gives up when its time is over", PlayTimeout},
      {"Both ends send and neither receives: a deadlock", PlayMutualSend},
      {"Three ways out of the deadlock", PlayWaysOut},
  };
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_ACTS_H_

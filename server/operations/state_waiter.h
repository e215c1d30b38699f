// Who waits for the states of operations.

#ifndef STANDOFF_SERVER_OPERATIONS_STATE_WAITER_H_
#define STANDOFF_SERVER_OPERATIONS_STATE_WAITER_H_

#include "standoff/v1/operation.pb.h"

namespace standoff {

// Told by operations of their states.
class StateWaiter {
 public:
  virtual ~StateWaiter() = default;

  // An operation in `state` is waited for from now on.
  virtual void Add(v1::OperationState state) = 0;
  // One went from one state to another. True, once, if what is waited for is so
  // now: then TellDone() must be called.
  virtual bool Change(v1::OperationState from, v1::OperationState to) = 0;
  // Called without locks held.
  virtual void TellDone() = 0;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_STATE_WAITER_H_

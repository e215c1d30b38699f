// What can be told from an action without performing it.

#ifndef STANDOFF_SERVER_OPERATIONS_ACTION_FACTS_H_
#define STANDOFF_SERVER_OPERATIONS_ACTION_FACTS_H_

#include <string>
#include <vector>

#include "standoff/v1/action.pb.h"

namespace standoff {

// The name of SocketService's RPC, a string literal; "" for an empty action.
const char* MethodOf(const v1::Action& action);

// The sockets that it acts on, by name, without those that it makes.
std::vector<std::string> SocketsOf(const v1::Action& action);

// The outcome in a reply; null if there is none.
const v1::Outcome* OutcomeOf(const v1::ActionReply& reply);

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_ACTION_FACTS_H_

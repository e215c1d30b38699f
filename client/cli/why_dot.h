// A diagnosis as a graph, for Graphviz.

#ifndef STANDOFF_CLIENT_CLI_WHY_DOT_H_
#define STANDOFF_CLIENT_CLI_WHY_DOT_H_

#include <string>

#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// The wait-for graph in Graphviz's language (dot(1)): a box for each blocked
// call, red if it is in a deadlock, and a dashed one for each party that is not
// blocked; an arrow for each wait, with its two sockets.
std::string WhyDot(const v1::Diagnosis& diagnosis);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_WHY_DOT_H_

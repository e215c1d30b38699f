// `standoff why --pid`: what some processes wait for.

#ifndef STANDOFF_CLIENT_CLI_WHY_PIDS_H_
#define STANDOFF_CLIENT_CLI_WHY_PIDS_H_

#include <string>
#include <vector>

#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"

namespace standoff::client {

// Leaves only what these processes have to do with: their calls, their
// deadlocks and the calls that they wait for. Of those that are not blocked the
// diagnosis' sentence says what they do.
//
// Returns what is to be said of each that is on none of the hosts, or can't be
// seen there.
std::vector<std::string> KeepProcesses(const std::vector<int>& pids,
                                       const v1::DiagnoseRequest& seen,
                                       v1::Diagnosis& diagnosis);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_WHY_PIDS_H_

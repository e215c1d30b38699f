// What `standoff why` shows: a diagnosis as text.

#ifndef STANDOFF_CLIENT_CLI_WHY_REPORT_H_
#define STANDOFF_CLIENT_CLI_WHY_REPORT_H_

#include <string>

#include "client/cli/terminal.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// The verdict; for each deadlock a drawing of its cycle, who waits for whom
// over which connection with what in the queues, and the ways out; and a
// paragraph for each other blocked call. Lines are at most 80 characters wide
// where words allow it.
std::string RenderWhy(const v1::Diagnosis& diagnosis, const Style& style);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_WHY_REPORT_H_

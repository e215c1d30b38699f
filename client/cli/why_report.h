// What `standoff why` shows: a diagnosis as text.

#ifndef STANDOFF_CLIENT_CLI_WHY_REPORT_H_
#define STANDOFF_CLIENT_CLI_WHY_REPORT_H_

#include <cstddef>
#include <string>

#include "client/cli/terminal.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// The verdict; for each deadlock a drawing of its cycle, who waits for whom
// over which connection with what in the queues, and the ways out; and a
// paragraph for each other blocked call; and what could not be seen. Lines are
// at most `columns` characters
// wide where words allow it.
std::string RenderWhy(const v1::Diagnosis& diagnosis, const Style& style,
                      size_t columns = 80);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_WHY_REPORT_H_

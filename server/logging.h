// The daemon's log, on standard error.

#ifndef STANDOFF_SERVER_LOGGING_H_
#define STANDOFF_SERVER_LOGGING_H_

#include <string>

namespace standoff {

// `level` as the flag --log_level says it. gRPC's own messages go to the same
// log: its errors as warnings, the rest as debug.
void SetUpLogging(const std::string& level);

// Writes what is left to be written, and ends the log's thread. Waits for who
// reads the log.
void FinishLogging();

// That the signal ends the daemon.
void LogShutdown(int signal_number);

}  // namespace standoff

#endif  // STANDOFF_SERVER_LOGGING_H_

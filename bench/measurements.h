// Measurements of one daemon.

#ifndef STANDOFF_BENCH_MEASUREMENTS_H_
#define STANDOFF_BENCH_MEASUREMENTS_H_

#include <string>
#include <vector>

#include "bench/report.h"
#include "client/host.h"
#include "client/lab/daemon.h"

namespace standoff::bench {

struct Sizes {
  // How many operations are blocked at once.
  int operations = 9000;
  // How many sessions clients have that are killed.
  int sessions = 1000;
  // In how many client processes.
  int clients = 20;
  // How many calls are timed.
  int calls = 2000;
};

// What many blocked operations cost: memory, and time of others' calls beside
// those to another daemon, `idle`; and how fast they are cancelled, all by one
// request.
std::vector<Figure> MeasureOperations(const client::Daemon& daemon,
                                      const client::Host& host,
                                      const client::Host& idle,
                                      const Sizes& sizes);

// Has clients make and use sessions, kills them, and looks what is left.
// `program` is this one, which then runs RunClient().
std::vector<Figure> MeasureSessions(const client::Daemon& daemon,
                                    const client::Host& host,
                                    const std::string& program,
                                    const Sizes& sizes);

// A client: makes so many sessions, each with sockets, an actor that is blocked
// and a call that waits. Prints "started" and waits for ever.
int RunClient(const std::string& address, int sessions);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_MEASUREMENTS_H_

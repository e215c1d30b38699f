// A listening TCP socket of this program, and ports that are free.

#ifndef STANDOFF_BENCH_LOOPBACK_LISTENER_H_
#define STANDOFF_BENCH_LOOPBACK_LISTENER_H_

#include "client/lab/file_descriptor.h"

namespace standoff::bench {

// Listens on a free port of 127.0.0.1. What fails ends the program.
class LoopbackListener {
 public:
  LoopbackListener();

  int port() const { return port_; }

  // The next connection, which sends at once what it is given (TCP_NODELAY).
  client::FileDescriptor Accept() const;

 private:
  client::FileDescriptor socket_;
  int port_ = 0;
};

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_LOOPBACK_LISTENER_H_

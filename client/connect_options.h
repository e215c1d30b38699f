// How to reach a daemon.

#ifndef STANDOFF_CLIENT_CONNECT_OPTIONS_H_
#define STANDOFF_CLIENT_CONNECT_OPTIONS_H_

#include <string>

#include "absl/time/time.h"

namespace standoff::client {

// Files for TLS, in PEM format. With all three empty the channel is plain, and
// so it is on a Unix socket, which its path's permissions guard.
struct TlsFiles {
  // Certificates of the authorities that may sign the daemon's certificate;
  // empty for the system's.
  std::string ca = {};
  // This client's certificate and its private key, for a daemon that asks for
  // one (mutual TLS). Both or neither.
  std::string certificate = {};
  std::string key = {};

  bool any() const {
    return !ca.empty() || !certificate.empty() || !key.empty();
  }
};

// How to connect to a daemon.
struct ConnectOptions {
  // What messages call the host; its address if empty.
  std::string name = {};
  TlsFiles tls = {};
  // The session whose sockets are meant (the request header
  // `standoff-session`); empty for the session `default`.
  std::string session = {};
  // The largest reply that is accepted, in bytes; -1 for any.
  int max_message_bytes = -1;
  // For how long to go on trying while the daemon can't be reached, as while
  // it starts. Zero: try once.
  absl::Duration wait_for_ready = absl::ZeroDuration();
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CONNECT_OPTIONS_H_

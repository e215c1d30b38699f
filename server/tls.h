// Credentials of the control channel: TLS and mutual TLS.

#ifndef STANDOFF_SERVER_TLS_H_
#define STANDOFF_SERVER_TLS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace standoff {

// Files in PEM format.
struct TlsFiles {
  // The daemon's certificate chain and key.
  std::string certificate;
  std::string key;
  // The certificate authorities that sign clients' certificates. Not empty:
  // mutual TLS, only clients with such a certificate are served.
  std::string client_ca;

  bool enabled() const { return !certificate.empty() || !key.empty(); }
  bool mutual() const { return enabled() && !client_ca.empty(); }
};

// InvalidArgument, naming the flag, for files that are missing, unreadable or
// no certificate or key, for a key of another certificate, and for a client CA
// without a certificate. Files replaced later are taken up within seconds.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(
    const TlsFiles& files);

}  // namespace standoff

#endif  // STANDOFF_SERVER_TLS_H_

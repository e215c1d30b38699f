#include "client/connection.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "client/host_address.h"

namespace standoff::client {
namespace {

// gRPC aborts on a header that HTTP does not allow.
absl::Status CheckSession(const std::string& session) {
  if (std::all_of(session.begin(), session.end(), [](char c) {
        return absl::ascii_isprint(static_cast<unsigned char>(c));
      })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "session \"", absl::CHexEscape(session), "\": not printable ASCII"));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    return absl::NotFoundError(
        absl::StrCat("can't read ", path, ": ", std::strerror(errno)));
  }
  return content.str();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    absl::string_view address, const TlsFiles& tls) {
  if (!tls.any() || IsUnixAddress(address))
    return grpc::InsecureChannelCredentials();
  if (tls.certificate.empty() != tls.key.empty()) {
    return absl::InvalidArgumentError(
        "TLS: a client certificate and its key go together");
  }
  struct File {
    const std::string& path;
    absl::string_view kind;
    std::string& content;
  };
  grpc::SslCredentialsOptions options;
  for (const File& file :
       {File{tls.ca, "CERTIFICATE", options.pem_root_certs},
        File{tls.certificate, "CERTIFICATE", options.pem_cert_chain},
        File{tls.key, "PRIVATE KEY", options.pem_private_key}}) {
    if (file.path.empty()) continue;
    absl::StatusOr<std::string> content = ReadFile(file.path);
    if (!content.ok()) return content.status();
    // gRPC would only log it, and never connect.
    if (!absl::StrContains(*content, absl::StrCat(file.kind, "-----"))) {
      return absl::InvalidArgumentError(absl::StrCat(
          "TLS: ", file.path, " has no PEM block of kind ", file.kind));
    }
    file.content = *std::move(content);
  }
  return grpc::SslCredentials(options);
}

// As long as this process. gRPC 1.51 would end with its last channel, and wait
// up to ten seconds for a thread of its own that looks after what was sent.
void KeepGrpc() {
  static const bool kept = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(kept);
}

grpc::ChannelArguments MakeArguments(const ConnectOptions& options) {
  grpc::ChannelArguments arguments;
  // A daemon whose host is gone sends no FIN: calls must not hang for ever.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  // Otherwise channels of one process to one address share a connection and,
  // after a failed attempt, the time until the next.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Test hosts are reached directly, whatever the environment says of the web.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // gRPC's defaults suit services that are down for minutes, not a daemon that
  // is about to listen.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Connection>> Connection::Open(
    absl::string_view address, const ConnectOptions& options) {
  if (absl::Status status = CheckHostAddress(address); !status.ok())
    return status;
  if (absl::Status status = CheckSession(options.session); !status.ok()) {
    return status;
  }
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials =
      MakeCredentials(address, options.tls);
  if (!credentials.ok()) return credentials.status();
  KeepGrpc();
  const std::string target(address);
  // The constructor is private, so no make_shared.
  return std::shared_ptr<const Connection>(new Connection(
      options.name.empty() ? target : options.name, target, options.session,
      grpc::CreateCustomChannel(target, *credentials, MakeArguments(options))));
}

Connection::Connection(std::string name, std::string address,
                       std::string session,
                       std::shared_ptr<grpc::Channel> channel)
    : name_(std::move(name)),
      address_(std::move(address)),
      session_(std::move(session)),
      channel_(std::move(channel)) {}

absl::StatusOr<std::shared_ptr<const Connection>> Connection::InSession(
    absl::string_view session) const {
  std::string other(session);
  if (absl::Status status = CheckSession(other); !status.ok()) return status;
  return std::shared_ptr<const Connection>(
      new Connection(name_, address_, std::move(other), channel_));
}

void Connection::AddHeaders(grpc::ClientContext* context) const {
  if (!session_.empty()) context->AddMetadata("standoff-session", session_);
}

}  // namespace standoff::client

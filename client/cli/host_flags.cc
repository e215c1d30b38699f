#include "client/cli/host_flags.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "client/connect_options.h"
#include "client/host_address.h"

namespace standoff::client {
namespace {

bool IsName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("._-", c);
  });
}

// What CLI11 wants to know of a value: what is wrong with it, if anything.
std::string Problem(const std::string& value) {
  const absl::Status status = ParseNamedHost(value).status();
  return std::string(status.message());
}

}  // namespace

absl::StatusOr<NamedHost> ParseNamedHost(absl::string_view text) {
  NamedHost host = {.name = std::string(text), .address = std::string(text)};
  // A path may have an equals sign, too.
  const size_t equals = text.find('=');
  if (equals != absl::string_view::npos && IsName(text.substr(0, equals))) {
    host.name = std::string(text.substr(0, equals));
    host.address = std::string(text.substr(equals + 1));
  }
  if (absl::Status status = CheckHostAddress(host.address); !status.ok()) {
    return status;
  }
  return host;
}

std::vector<NamedHost> HostFlags::Named() const {
  std::vector<NamedHost> named;
  for (const std::string& host : hosts) {
    if (auto parsed = ParseNamedHost(host); parsed.ok()) {
      named.push_back(*std::move(parsed));
    }
  }
  return named;
}

absl::StatusOr<Host> HostFlags::Connect(const NamedHost& host) const {
  return Host::Connect(host.address, {.name = host.name, .tls = tls});
}

void AddHostFlags(CLI::App& app, HostFlags& flags) {
  app.add_option("--host", flags.hosts,
                 "A daemon: HOST:PORT or unix:PATH, after NAME= if messages "
                 "are to call it so. May be given several times.")
      ->type_name("[NAME=]ADDRESS")
      ->required()
      ->allow_extra_args(false)
      ->check(CLI::Validator(Problem, "", "address"));
  app.add_option("--tls-ca", flags.tls.ca,
                 "TLS: certificates of the authorities that may sign a "
                 "daemon's, PEM. Without it, the system's.")
      ->type_name("FILE");
  CLI::Option* certificate =
      app.add_option("--tls-cert", flags.tls.certificate,
                     "Mutual TLS: this client's certificate, PEM.")
          ->type_name("FILE");
  CLI::Option* key = app.add_option("--tls-key", flags.tls.key,
                                    "Mutual TLS: its private key, PEM.")
                         ->type_name("FILE");
  certificate->needs(key);
  key->needs(certificate);
}

}  // namespace standoff::client

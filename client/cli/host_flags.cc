#include "client/cli/host_flags.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/host_entry.h"

namespace standoff::client {
namespace {

// What CLI11 wants to know of a value: what is wrong with it, if anything.
std::string HostProblem(const std::string& value) {
  if (CheckHostName(value).ok()) return "";  // Of a known host, maybe.
  return std::string(ParseHostEntry(value).status().message());
}

std::string SessionProblem(const std::string& value) {
  return std::string(CheckSessionName(value).message());
}

}  // namespace

absl::StatusOr<HostEntry> FindOneHost(const HostChoice& hosts,
                                      absl::string_view reason) {
  const absl::StatusOr<std::vector<HostEntry>> entries = FindHosts(hosts);
  if (!entries.ok()) return entries.status();
  if (entries->size() == 1) return entries->front();
  return absl::InvalidArgumentError(
      absl::StrCat(reason, ": say with --host which one is meant, of ",
                   absl::StrJoin(*entries, ", ",
                                 [](std::string* to, const HostEntry& entry) {
                                   absl::StrAppend(to, entry.name);
                                 })));
}

CLI::Validator SessionName() {
  return CLI::Validator(SessionProblem, "", "session");
}

void AddHostFlags(CLI::App& app, HostChoice& hosts) {
  app.add_option("--host", hosts.hosts,
                 "A daemon: HOST:PORT or unix:PATH, after NAME= if messages "
                 "are to call it so; or the NAME that it has in the hosts file "
                 "or in STANDOFF_HOSTS. May be given several times.")
      ->type_name("[NAME=]ADDRESS")
      ->allow_extra_args(false)
      ->check(CLI::Validator(HostProblem, "", "address"));
  app.add_option("--hosts-file", hosts.hosts_file,
                 "A YAML file with the daemons: a list \"hosts\" of mappings "
                 "with name, address, tls (ca, cert, key) and session. With "
                 "--host it only says what names mean.")
      ->type_name("FILE");
  app.add_option("--tls-ca", hosts.tls.ca,
                 "TLS: certificates of the authorities that may sign a "
                 "daemon's, PEM. Without it, the system's. These three are for "
                 "hosts that have none in the hosts file.")
      ->type_name("FILE");
  CLI::Option* certificate =
      app.add_option("--tls-cert", hosts.tls.certificate,
                     "Mutual TLS: this client's certificate, PEM.")
          ->type_name("FILE");
  CLI::Option* key = app.add_option("--tls-key", hosts.tls.key,
                                    "Mutual TLS: its private key, PEM.")
                         ->type_name("FILE");
  certificate->needs(key);
  key->needs(certificate);
}

}  // namespace standoff::client

// Hosts files (client/hosts_file.h).

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/host_entry.h"
#include "client/hosts_file.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/target.h"

namespace standoff::client {
namespace {

constexpr char kPath[] = "hosts.yaml";

bool IsPlain(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// The file for a host; empty for one whose texts want more than quotes.
std::string Write(const HostEntry& host) {
  std::string text = absl::StrCat("hosts:\n- name: ", Quoted(host.name),
                                  "\n  address: ", Quoted(host.address), "\n");
  std::string all = absl::StrCat(host.name, host.address, host.session);
  if (!host.session.empty()) {
    absl::StrAppend(&text, "  session: ", Quoted(host.session), "\n");
  }
  if (host.tls.any()) absl::StrAppend(&text, "  tls:\n");
  const auto add_file = [&](const char* name, const std::string& file) {
    if (file.empty()) return;
    absl::StrAppend(&text, "    ", name, ": ", Quoted(file), "\n");
    all += file;
  };
  add_file("ca", host.tls.ca);
  add_file("cert", host.tls.certificate);
  add_file("key", host.tls.key);
  if (!host.known_as.empty()) absl::StrAppend(&text, "  known_as:\n");
  for (const std::string& address : host.known_as) {
    absl::StrAppend(&text, "  - ", Quoted(address), "\n");
    all += address;
  }
  return IsPlain(all) ? text : "";
}

// Names its line, which the file has.
void CheckError(const absl::Status& status, absl::string_view text) {
  CheckRefusal(status, absl::StrCat(kPath, ":"));
  absl::string_view rest = status.message();
  rest.remove_prefix(sizeof kPath);
  int line = 0;
  Check(absl::SimpleAtoi(rest.substr(0, rest.find(':')), &line),
        status.message());
  Check(line >= 1 && static_cast<size_t>(line) <= text.size() + 1,
        status.message());
}

void CheckHost(const HostEntry& host) {
  Check(CheckHostName(host.name).ok() || host.name == host.address);
  Check(host.session.empty() || CheckSessionName(host.session).ok());
  Check(host.tls.certificate.empty() == host.tls.key.empty());
  const std::string written = Write(host);
  // An address may be no name that can be written.
  if (written.empty() || !CheckHostName(host.name).ok()) return;
  const absl::StatusOr<std::vector<HostEntry>> again =
      ParseHostsFile(written, kPath);
  Check(again.ok() && again->size() == 1, written);
  const HostEntry& same = again->front();
  Check(same.name == host.name && same.address == host.address, written);
  Check(same.session == host.session, written);
  Check(same.known_as == host.known_as, written);
  Check(same.tls.ca == host.tls.ca, written);
  Check(same.tls.certificate == host.tls.certificate, written);
  Check(same.tls.key == host.tls.key, written);
}

void Try(absl::string_view text) {
  const absl::StatusOr<std::vector<HostEntry>> hosts =
      ParseHostsFile(text, kPath);
  if (!hosts.ok()) {
    CheckError(hosts.status(), text);
    return;
  }
  Check(!hosts->empty());
  std::set<std::string> names;
  for (const HostEntry& host : *hosts) {
    Check(names.insert(host.name).second, host.name);
    CheckHost(host);
  }
}

}  // namespace
}  // namespace standoff::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::client::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}

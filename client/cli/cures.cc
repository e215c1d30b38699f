#include "client/cli/cures.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace standoff::client {
namespace {

std::string Quoted(const std::string& word) {
  const bool is_plain =
      !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
               absl::StrContains("_./:=@%+,-", c);
      });
  if (is_plain) return word;
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

void Add(const char* flag, const std::string& value, std::string& to) {
  if (value.empty()) return;
  absl::StrAppend(&to, to.empty() ? "" : " ", flag, " ", Quoted(value));
}

void AddTls(const TlsFiles& tls, std::string& to) {
  Add("--tls-ca", tls.ca, to);
  Add("--tls-cert", tls.certificate, to);
  Add("--tls-key", tls.key, to);
}

// The text with `flags` in place of each "--host NAME".
std::string WithFlags(const std::string& text, const std::string& name,
                      const std::string& flags) {
  const std::string wanted = absl::StrCat("--host ", name);
  std::string replaced;
  size_t from = 0;
  for (size_t at = text.find(wanted); at != std::string::npos;
       at = text.find(wanted, at + 1)) {
    const size_t end = at + wanted.size();
    // Not the beginning of another name.
    if (end < text.size() && text[end] != ' ') continue;
    absl::StrAppend(&replaced, text.substr(from, at - from), flags);
    from = end;
  }
  return absl::StrCat(replaced, text.substr(from));
}

}  // namespace

std::string FlagsFor(const HostEntry& host, const HostChoice& choice) {
  std::string flags;
  const bool is_by_address = std::any_of(
      choice.hosts.begin(), choice.hosts.end(), [&](const std::string& text) {
        return text == absl::StrCat(host.name, "=", host.address);
      });
  if (is_by_address || !CheckHostName(host.name).ok()) {
    Add("--host",
        is_by_address ? absl::StrCat(host.name, "=", host.address)
                      : host.address,
        flags);
    AddTls(host.tls, flags);
    return flags;
  }
  Add("--hosts-file", choice.hosts_file, flags);
  Add("--host", host.name, flags);
  // They are for hosts that have none of their own.
  AddTls(choice.tls, flags);
  return flags;
}

void MakeFollowable(const std::vector<HostEntry>& hosts,
                    const HostChoice& choice, v1::Diagnosis& diagnosis) {
  for (v1::BlockedCall& call : *diagnosis.mutable_blocked()) {
    for (std::string& way : *call.mutable_ways_out()) {
      for (const HostEntry& host : hosts) {
        std::string other = WithFlags(way, host.name, FlagsFor(host, choice));
        // A name of another host may be in what has been put there.
        if (other == way) continue;
        way = std::move(other);
        break;
      }
    }
  }
}

}  // namespace standoff::client

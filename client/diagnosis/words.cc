#include "client/diagnosis/words.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/address.h"

namespace standoff::client {
std::string PartyTitle(const v1::Party& party, bool with_session) {
  if (party.pid() != 0) {
    return absl::StrCat(party.process(), " (pid ", party.pid(), ") on ",
                        party.host());
  }
  if (party.actor().empty()) {
    return absl::StrCat("a client's plain call on ", party.host());
  }
  return absl::StrCat(party.host(), "/",
                      with_session ? absl::StrCat(party.session(), "/") : "",
                      party.actor());
}

std::string PartiesWords(const std::vector<v1::Party>& parties, size_t more) {
  std::vector<std::string> names;
  for (const v1::Party& party : parties) {
    if (std::find(names.begin(), names.end(), party.title()) == names.end()) {
      names.push_back(party.title());
    }
  }
  if (more > 0) names.push_back(absl::StrCat(more, " more"));
  return ListWords(names);
}

std::string SocketTitle(const v1::SocketRef& ref,
                        const v1::SocketDescription& state, bool with_session) {
  if (!ref.socket().empty()) {
    return absl::StrCat(ref.host(), ":",
                        with_session ? absl::StrCat(ref.session(), ":") : "",
                        ref.socket());
  }
  std::string words;
  if (state.local_address().address_case() != v1::Address::ADDRESS_NOT_SET) {
    words = FormatAddress(state.local_address());
  }
  if (state.peer_address().address_case() != v1::Address::ADDRESS_NOT_SET) {
    absl::StrAppend(&words, " > ", FormatAddress(state.peer_address()));
  }
  if (words.empty()) words = absl::StrCat("socket:[", ref.inode(), "]");
  return absl::StrCat(words, " on ", ref.host());
}

std::string BytesWords(uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes == 1) return "1 byte";
  if (bytes < 1000) return absl::StrCat(bytes, " bytes");
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return absl::StrFormat("%.3g %s", value, kUnits[unit]);
}

std::string TimeWords(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 100) return absl::StrFormat("%.3g s", seconds);
  const int64_t whole = absl::ToInt64Seconds(duration);
  if (whole < 3600) return absl::StrCat(whole / 60, " min ", whole % 60, " s");
  return absl::StrCat(whole / 3600, " h ", whole % 3600 / 60, " min");
}

std::string ListWords(const std::vector<std::string>& items) {
  if (items.size() < 2) return absl::StrJoin(items, "");
  return absl::StrCat(absl::StrJoin(items.begin(), items.end() - 1, ", "),
                      " and ", items.back());
}

}  // namespace standoff::client

// How a diagnosis names things.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_WORDS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// Party.title and SocketRef.title; `with_session`: name the session, too.
std::string PartyTitle(const v1::Party& party, bool with_session);
std::string SocketTitle(const v1::SocketRef& ref,
                        const v1::SocketDescription& state, bool with_session);

// "left/a, left/b and 3 more": by their titles, each once.
std::string PartiesWords(const std::vector<v1::Party>& parties, size_t more);

// "812 bytes", "4.12 MB".
std::string BytesWords(uint64_t bytes);
// "0.52 s", "3.4 s", "2 min 5 s".
std::string TimeWords(absl::Duration duration);

// "a", "a and b", "a, b and c".
std::string ListWords(const std::vector<std::string>& items);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_WORDS_H_

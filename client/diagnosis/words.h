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

// "left/a"; "left/nightly/a" in a session other than `default`; "a client's
// call on left"; "python3 (pid 12) on left".
std::string PartyWords(const v1::Party& party);
// "left/a, left/b and 3 more".
std::string PartiesWords(const std::vector<v1::Party>& parties, size_t more);

// "left:s1"; "left:nightly:s1" in a session other than `default`; of a process
// by its addresses, "10.0.0.1:80 > 10.0.0.2:4711 on left".
std::string SocketWords(const v1::SocketRef& ref,
                        const v1::SocketDescription& state);

// "812 bytes", "4.12 MB".
std::string BytesWords(uint64_t bytes);
// "0.52 s", "3.4 s", "2 min 5 s".
std::string TimeWords(absl::Duration duration);

// "a", "a and b", "a, b and c".
std::string ListWords(const std::vector<std::string>& items);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_WORDS_H_

// Words and facts that explanations share.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_EVIDENCE_WORDS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_EVIDENCE_WORDS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "client/diagnosis/world.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// Sets the reason and the sentence.
void Say(v1::Evidence& to, v1::Reason reason, std::string sentence);

// "3 segments", "1 segment".
std::string Count(uint64_t count, absl::string_view what);

// What TCP has not got an answer to: "1 segment not acknowledged, sent again 3
// times".
std::string Unanswered(const v1::SocketDescription& state);

// The address of the other end, as this one has it.
std::string AddressOf(const Endpoint& endpoint, const Wait& wait);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_EVIDENCE_WORDS_H_

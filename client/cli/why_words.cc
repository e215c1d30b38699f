#include "client/cli/why_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/diagnosis/words.h"

namespace standoff::client {

const v1::BlockedCall& CallAt(const v1::Diagnosis& diagnosis, uint32_t index) {
  return diagnosis.blocked(static_cast<int>(index));
}

std::string ReasonWord(v1::Reason reason) {
  return v1::Reason_Name(reason).substr(std::string("REASON_").size());
}

std::string CallWord(const v1::BlockedCall& call) {
  if (call.method().empty()) return call.syscall();
  return absl::StrCat(call.method(), " (", call.syscall(), ")");
}

std::string SocketWord(const v1::Evidence& evidence) {
  if (!evidence.has_socket()) return "";
  return absl::StrCat(" on ", evidence.socket().title());
}

std::string ForHowLong(const v1::BlockedCall& call) {
  if (!call.has_elapsed()) return "";
  return absl::StrCat(" for ",
                      TimeWords(absl::Seconds(call.elapsed().seconds()) +
                                absl::Nanoseconds(call.elapsed().nanos())));
}

const v1::Evidence* EvidenceTowards(const v1::BlockedCall& call,
                                    const v1::BlockedCall& next) {
  for (const v1::Evidence& evidence : call.evidence()) {
    for (const v1::Party& party : evidence.parties()) {
      if (party.title() == next.caller().title()) return &evidence;
    }
  }
  return call.evidence().empty() ? nullptr : &call.evidence(0);
}

bool IsMember(const v1::Diagnosis& diagnosis, uint32_t index) {
  const v1::BlockedCall& call = CallAt(diagnosis, index);
  if (!call.has_deadlock()) return false;
  const auto& calls =
      diagnosis.deadlocks(static_cast<int>(call.deadlock())).calls();
  return std::find(calls.begin(), calls.end(), index) != calls.end();
}

}  // namespace standoff::client

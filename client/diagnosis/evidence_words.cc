#include "client/diagnosis/evidence_words.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/diagnosis/outlook.h"
#include "client/diagnosis/words.h"

namespace standoff::client {

void Say(v1::Evidence& to, v1::Reason reason, std::string sentence) {
  to.set_reason(reason);
  to.set_sentence(std::move(sentence));
}

std::string Count(uint64_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

std::string Unanswered(const v1::SocketDescription& state) {
  const v1::TcpInfo& info = state.tcp_info();
  std::string words;
  if (ProbesUnanswered(state)) {
    absl::StrAppend(&words, Count(info.probes(), "probe"),
                    " of a zero window without an answer");
  } else if (info.unacked_segments() > 0) {
    absl::StrAppend(&words, Count(info.unacked_segments(), "segment"),
                    " not acknowledged");
  } else if (state.send_queue() == 0) {
    absl::StrAppend(&words, Count(info.probes(), "keepalive probe"),
                    " without an answer");
  } else {
    absl::StrAppend(&words, BytesWords(state.send_queue()),
                    " not acknowledged");
  }
  if (info.retransmits() > 0) {
    absl::StrAppend(&words, ", sent again ", Count(info.retransmits(), "time"));
  }
  if (info.backoff() > 0) {
    absl::StrAppend(&words, ", the timer backed off ",
                    Count(info.backoff(), "time"));
  }
  return words;
}

std::string AddressOf(const Endpoint& endpoint, const Wait& wait) {
  if (endpoint.state->has_peer_address()) {
    return FormatAddress(endpoint.state->peer_address());
  }
  if (wait.target != nullptr) return FormatAddress(*wait.target);
  return "its peer";
}

}  // namespace standoff::client

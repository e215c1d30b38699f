#include "client/cli/why_dot.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/terminal.h"
#include "client/cli/why_words.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

// A quoted label of several lines.
std::string Label(const std::vector<std::string>& lines) {
  const auto escape = [](std::string* out, const std::string& line) {
    absl::StrAppend(out, absl::StrReplaceAll(Printable(line),
                                             {{"\\", "\\\\"}, {"\"", "\\\""}}));
  };
  return absl::StrCat("\"", absl::StrJoin(lines, "\\n", escape), "\"");
}

}  // namespace

std::string WhyDot(const v1::Diagnosis& diagnosis) {
  std::string text =
      "digraph why {\n  rankdir=LR;\n  node [shape=box, fontname=sans];\n"
      "  edge [fontname=sans];\n";
  // Parties that are in no blocked call, by name.
  std::map<std::string, std::string> others;
  std::string edges;
  for (int i = 0; i < diagnosis.blocked_size(); ++i) {
    const v1::BlockedCall& call = diagnosis.blocked(i);
    absl::StrAppend(
        &text, "  c", i, " [label=",
        Label({call.caller().title(),
               absl::StrCat(CallWord(call), ForHowLong(call)),
               ReasonWord(call.reason())}),
        IsMember(diagnosis, static_cast<uint32_t>(i)) ? ", color=red" : "",
        "];\n");
    for (const uint32_t other : call.waits_for()) {
      const v1::Evidence* const evidence =
          EvidenceTowards(call, CallAt(diagnosis, other));
      std::string over;
      if (evidence != nullptr && evidence->has_peer()) {
        over = absl::StrCat(evidence->socket().title(), " - ",
                            evidence->peer().title());
      }
      absl::StrAppend(&edges, "  c", i, " -> c", other,
                      " [label=", Label({over}), "];\n");
    }
    for (const v1::Evidence& evidence : call.evidence()) {
      for (const v1::Party& party : evidence.parties()) {
        if (party.activity() == v1::ACTIVITY_BLOCKED) continue;
        const auto [found, is_new] =
            others.try_emplace(party.title(), absl::StrCat("p", others.size()));
        absl::StrAppend(&edges, "  c", i, " -> ", found->second,
                        " [label=", Label({evidence.peer().title()}), "];\n");
      }
    }
  }
  for (const auto& [words, id] : others) {
    absl::StrAppend(&text, "  ", id, " [label=", Label({words}),
                    ", style=dashed];\n");
  }
  return absl::StrCat(text, edges, "}\n");
}

}  // namespace standoff::client

#include "client/cli/why_report.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/why_words.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

std::string QueuesWord(const v1::SocketDescription& state) {
  return absl::StrCat(BytesWords(state.receive_queue()), " received, ",
                      BytesWords(state.send_queue()), " to send");
}

void DrawCycle(const v1::Diagnosis& diagnosis, const v1::Deadlock& deadlock,
               const Style& style, std::string& text) {
  const auto line = [&](absl::string_view mark, absl::string_view words) {
    absl::StrAppend(&text, "  ", mark, Printable(words), "\n");
  };
  for (int i = 0; i < deadlock.cycle_size(); ++i) {
    const v1::BlockedCall& call = CallAt(diagnosis, deadlock.cycle(i));
    const v1::BlockedCall& next =
        CallAt(diagnosis, deadlock.cycle((i + 1) % deadlock.cycle_size()));
    absl::StrAppend(&text, "  ", style.Bold(Printable(call.caller().title())),
                    "\n");
    const v1::Evidence* const evidence = EvidenceTowards(call, next);
    line("|  ",
         absl::StrCat("blocked in ", CallWord(call),
                      evidence ? SocketWord(*evidence) : "", ForHowLong(call)));
    if (evidence != nullptr && evidence->has_state()) {
      line("|  ", absl::StrCat("its queues: ", QueuesWord(evidence->state())));
    }
    if (evidence != nullptr && evidence->has_peer()) {
      line("|  ", absl::StrCat("the other end is ", evidence->peer().title(),
                               ": ", QueuesWord(evidence->peer_state())));
    }
    line("|  ", "waits for");
    line("v", "");
  }
  absl::StrAppend(&text, "  ",
                  style.Bold(Printable(
                      CallAt(diagnosis, deadlock.cycle(0)).caller().title())),
                  "\n");
}

void AddList(absl::string_view title,
             const google::protobuf::RepeatedPtrField<std::string>& items,
             std::string& text) {
  if (items.empty()) return;
  absl::StrAppend(&text, "  ", title, "\n");
  for (const std::string& item : items) {
    absl::StrAppend(&text, Wrap(absl::StrCat("- ", Printable(item)), 4));
  }
}

void AddDeadlock(const v1::Diagnosis& diagnosis, const v1::Deadlock& deadlock,
                 const Style& style, std::string& text) {
  const bool is_proved = deadlock.proof() == v1::PROOF_PROVED;
  absl::StrAppend(&text, "\n",
                  is_proved ? style.Bad("DEADLOCK, proved")
                            : style.Bold("DEADLOCK, not proved"),
                  "\n", Wrap(Printable(deadlock.sentence()), 2));
  if (!is_proved) {
    absl::StrAppend(
        &text, Wrap(absl::StrCat("Not proved: ",
                                 Printable(deadlock.not_proved_because()), "."),
                    2));
  }
  text.push_back('\n');
  DrawCycle(diagnosis, deadlock, style, text);
  text.push_back('\n');
  if (deadlock.calls_size() > deadlock.cycle_size()) {
    absl::StrAppend(&text, "  In it, too:\n");
    for (const uint32_t index : deadlock.calls()) {
      if (std::find(deadlock.cycle().begin(), deadlock.cycle().end(), index) !=
          deadlock.cycle().end()) {
        continue;
      }
      absl::StrAppend(
          &text, Wrap(absl::StrCat(
                          "- ", Printable(CallAt(diagnosis, index).sentence())),
                      4));
    }
  }
  AddList("Ways out:", CallAt(diagnosis, deadlock.calls(0)).ways_out(), text);
  AddList("The proof relies on this:", deadlock.assumptions(), text);
}

}  // namespace

std::string RenderWhy(const v1::Diagnosis& diagnosis, const Style& style) {
  std::string text;
  const std::string verdict = Wrap(Printable(diagnosis.sentence()));
  switch (diagnosis.verdict()) {
    case v1::VERDICT_NOTHING_BLOCKED:
      text = style.Good(verdict);
      break;
    case v1::VERDICT_DEADLOCK:
      text = style.Bad(verdict);
      break;
    default:
      text = style.Bold(verdict);
  }
  for (const v1::Deadlock& deadlock : diagnosis.deadlocks()) {
    AddDeadlock(diagnosis, deadlock, style, text);
  }
  bool is_first = true;
  for (int i = 0; i < diagnosis.blocked_size(); ++i) {
    const v1::BlockedCall& call = diagnosis.blocked(i);
    if (IsMember(diagnosis, static_cast<uint32_t>(i))) continue;
    if (is_first && diagnosis.deadlocks_size() > 0) {
      absl::StrAppend(&text, "\nBlocked, too:\n");
    }
    is_first = false;
    absl::StrAppend(&text, "\n", style.Bold(ReasonWord(call.reason())), "\n",
                    Wrap(Printable(call.sentence()), 2));
    AddList("Ways out:", call.ways_out(), text);
  }
  return text;
}

}  // namespace standoff::client

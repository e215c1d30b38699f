#include "client/cli/why_report.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/why_words.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

// Where a way out goes on with a command.
constexpr char kCommand[] = ": standoff ";

class Writer {
 public:
  Writer(const v1::Diagnosis& diagnosis, const Style& style, size_t columns)
      : diagnosis_(diagnosis), style_(style), columns_(columns) {}

  std::string Write() {
    WriteVerdict();
    for (const v1::Deadlock& deadlock : diagnosis_.deadlocks()) {
      WriteDeadlock(deadlock);
    }
    WriteOthers();
    WriteUnseen();
    return std::move(text_);
  }

 private:
  void Line(absl::string_view text) { absl::StrAppend(&text_, text, "\n"); }

  // A paragraph, with `mark` before its first line and `rest` before others.
  void Paragraph(absl::string_view mark, absl::string_view rest,
                 absl::string_view words) {
    const std::string wrapped =
        Wrap(Printable(words), 0, columns_ - Width(mark));
    absl::string_view prefix = mark;
    for (absl::string_view line :
         absl::StrSplit(wrapped, '\n', absl::SkipEmpty())) {
      absl::StrAppend(&text_, prefix, line, "\n");
      prefix = rest;
    }
  }

  void WriteVerdict() {
    const std::string verdict =
        Wrap(Printable(diagnosis_.sentence()), 0, columns_);
    switch (diagnosis_.verdict()) {
      case v1::VERDICT_NOTHING_BLOCKED:
        text_ = style_.Good(verdict);
        break;
      case v1::VERDICT_DEADLOCK:
        text_ = style_.Bad(verdict);
        break;
      default:
        text_ = style_.Bold(verdict);
    }
  }

  void WriteDeadlock(const v1::Deadlock& deadlock) {
    const bool is_proved = deadlock.proof() == v1::PROOF_PROVED;
    Line("");
    Line(is_proved ? style_.Bad("DEADLOCK, proved")
                   : style_.Bold("DEADLOCK, not proved"));
    // Of a single one the verdict has said it.
    if (!is_proved || diagnosis_.deadlocks_size() > 1) {
      Paragraph("  ", "  ", deadlock.sentence());
    }
    if (!is_proved) {
      Paragraph(
          "  ", "  ",
          absl::StrCat("Not proved: ", deadlock.not_proved_because(), "."));
    }
    Line("");
    DrawCycle(deadlock);
    Line("");
    if (deadlock.calls_size() > deadlock.cycle_size()) {
      Line("  In it, too:");
      for (const uint32_t index : deadlock.calls()) {
        if (std::find(deadlock.cycle().begin(), deadlock.cycle().end(),
                      index) == deadlock.cycle().end()) {
          Item(CallAt(diagnosis_, index).sentence());
        }
      }
    }
    WaysOut(CallAt(diagnosis_, deadlock.calls(0)));
    List("The proof relies on this:", deadlock.assumptions());
  }

  void DrawCycle(const v1::Deadlock& deadlock) {
    for (int i = 0; i < deadlock.cycle_size(); ++i) {
      const v1::BlockedCall& call = CallAt(diagnosis_, deadlock.cycle(i));
      const v1::BlockedCall& next =
          CallAt(diagnosis_, deadlock.cycle((i + 1) % deadlock.cycle_size()));
      const v1::Evidence* const evidence = EvidenceTowards(call, next);
      Caller(call);
      Drawn(absl::StrCat("blocked in ", CallWord(call),
                         evidence ? SocketWord(*evidence) : "",
                         ForHowLong(call)));
      if (evidence != nullptr && evidence->has_state()) {
        Drawn(absl::StrCat("its queues: ", QueuesOf(evidence->state())));
      }
      if (evidence != nullptr && evidence->has_peer()) {
        Drawn(absl::StrCat("the other end, ", evidence->peer().title(), ": ",
                           QueuesOf(evidence->peer_state())));
      }
      Drawn("waits for");
      Line("  v");
    }
    Caller(CallAt(diagnosis_, deadlock.cycle(0)));
  }

  void Caller(const v1::BlockedCall& call) {
    Line(absl::StrCat("  ", style_.Bold(Printable(call.caller().title()))));
  }
  void Drawn(absl::string_view words) { Paragraph("  |  ", "  |    ", words); }
  void Item(absl::string_view words) { Paragraph("    - ", "      ", words); }

  void List(absl::string_view title,
            const google::protobuf::RepeatedPtrField<std::string>& items) {
    if (items.empty()) return;
    Line(absl::StrCat("  ", title));
    for (const std::string& item : items) Item(item);
  }

  // A command gets a line of its own, to be copied from.
  void WaysOut(const v1::BlockedCall& call) {
    if (call.ways_out().empty()) return;
    Line("  Ways out:");
    for (const std::string& way : call.ways_out()) {
      const size_t command = way.find(kCommand);
      if (command == std::string::npos) {
        Item(way);
        continue;
      }
      Item(absl::StrCat(way.substr(0, command), ":"));
      Line(absl::StrCat("      ", Printable(way.substr(command + 2))));
    }
  }

  static std::string QueuesOf(const v1::SocketDescription& state) {
    return absl::StrCat(BytesWords(state.receive_queue()), " received, ",
                        BytesWords(state.send_queue()), " to send");
  }

  void WriteOthers() {
    bool is_first = diagnosis_.deadlocks_size() > 0;
    for (int i = 0; i < diagnosis_.blocked_size(); ++i) {
      const v1::BlockedCall& call = diagnosis_.blocked(i);
      if (IsMember(diagnosis_, static_cast<uint32_t>(i))) continue;
      if (is_first) Line("\nBlocked, too:");
      is_first = false;
      Line("");
      Line(style_.Bold(ReasonWord(call.reason())));
      Paragraph("  ", "  ", call.sentence());
      WaysOut(call);
    }
  }

  void WriteUnseen() {
    if (diagnosis_.unseen().empty()) return;
    Line("\nNot seen:");
    for (const std::string& unseen : diagnosis_.unseen()) {
      Paragraph("  - ", "    ", unseen);
    }
  }

  const v1::Diagnosis& diagnosis_;
  const Style& style_;
  const size_t columns_;
  std::string text_;
};

}  // namespace

std::string RenderWhy(const v1::Diagnosis& diagnosis, const Style& style,
                      size_t columns) {
  return Writer(diagnosis, style, columns).Write();
}

}  // namespace standoff::client

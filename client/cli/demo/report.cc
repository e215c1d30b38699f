#include "client/cli/demo/report.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/outcome.h"

namespace standoff::client {
namespace {

constexpr size_t kIndent = 2;

void PrintPlayer(const Player& player) {
  std::cout << absl::StreamFormat("  %-6s %-12s process %-8d %s\n", player.name,
                                  player.ip, player.info.pid(),
                                  player.host.address());
}

}  // namespace

void Report::Begin(const Stage& stage) {
  json_["stage"] = stage.ToJson();
  json_["acts"] = Json::array();
  if (form_ == Form::kJson) return;
  std::cout << Wrap(absl::StrCat(stage.description(),
                                 " All figures below are from this run."))
            << "\n";
  PrintPlayer(stage.left());
  PrintPlayer(stage.right());
  std::cout << std::flush;
}

void Report::Add(const Act& act) {
  ++played_;
  if (!act.ok()) ++failed_;
  Json json = act.ToJson();
  json["number"] = played_;
  json_["acts"].push_back(std::move(json));
  if (form_ == Form::kText) {
    PrintAct(absl::StrCat(played_, ". ", act.title()), act);
  }
}

void Report::AddVerdict(const Act& verdict) {
  has_verdict_ = verdict.ok();
  json_["why"] = verdict.ToJson();
  if (form_ == Form::kText) PrintAct(verdict.title(), verdict);
}

void Report::PrintAct(absl::string_view title, const Act& act) {
  std::cout << "\n" << style_.Bold(title) << "\n";
  for (const Paragraph& paragraph : act.paragraphs()) {
    std::cout << "\n";
    if (!paragraph.heading.empty()) {
      std::cout << std::string(kIndent, ' ') << style_.Bold(paragraph.heading)
                << "\n";
    }
    std::cout << Wrap(paragraph.text, kIndent);
    if (!paragraph.figures.empty()) std::cout << "\n";
    for (const std::string& figure : paragraph.figures) {
      if (!figure.empty()) {
        std::cout << std::string(2 * kIndent, ' ') << style_.Dim(figure);
      }
      std::cout << "\n";
    }
  }
  for (const Expectation& unmet : act.Unmet()) {
    std::cout << "\n"
              << style_.Bad("  Not as it must be.") << "\n"
              << Wrap(absl::StrCat("Expected: ", unmet.expected), kIndent)
              << Wrap(absl::StrCat("Seen: ", unmet.seen), kIndent);
  }
  std::cout << std::flush;
}

void Report::End(absl::Duration elapsed) {
  if (form_ == Form::kJson) {
    json_["ok"] = ok();
    json_["seconds"] = absl::ToDoubleSeconds(elapsed);
    std::cout << FormatJson(json_);
  } else if (ok()) {
    std::cout << "\n"
              << style_.Good(absl::StrCat("All ", played_,
                                          " acts showed what they must, in ",
                                          FormatSeconds(elapsed), "."))
              << "\n";
  } else {
    std::cout << "\n" << style_.Bad(Failure()) << "\n";
  }
  std::cout << std::flush;
  if (!ok()) PrintError(absl::StrCat("demo: ", Failure()));
}

std::string Report::Failure() const {
  if (failed_ == 0) return "there was no proof of the deadlock at the end";
  return absl::StrCat(failed_, " of ", played_,
                      " acts did not show what they must");
}

}  // namespace standoff::client

#include "client/cli/demo/act.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/outcome.h"

namespace standoff::client {

void Act::Begin(absl::string_view heading) {
  paragraphs_.push_back(
      {.heading = std::string(heading), .text = "", .figures = {}});
}

Paragraph& Act::Current() {
  if (paragraphs_.empty()) Begin();
  return paragraphs_.back();
}

void Act::Say(absl::string_view text) {
  std::string& paragraph = Current().text;
  absl::StrAppend(&paragraph, paragraph.empty() ? "" : " ", text);
}

void Act::Figure(absl::string_view line) {
  Current().figures.emplace_back(line);
}

void Act::Figure(absl::string_view call, const v1::Outcome& outcome) {
  Figure(absl::StrFormat("%-14s %s", call, Describe(outcome)));
}

void Act::Record(absl::string_view name, Json value) {
  records_[std::string(name)] = std::move(value);
}

bool Act::Expect(bool met, absl::string_view expected, absl::string_view seen) {
  expectations_.push_back({.met = met,
                           .expected = std::string(expected),
                           .seen = std::string(seen)});
  return met;
}

std::vector<Expectation> Act::Unmet() const {
  std::vector<Expectation> unmet;
  std::copy_if(expectations_.begin(), expectations_.end(),
               std::back_inserter(unmet),
               [](const Expectation& expectation) { return !expectation.met; });
  return unmet;
}

Json Act::ToJson() const {
  Json json = {{"title", title_},
               {"ok", ok()},
               {"paragraphs", Json::array()},
               {"expectations", Json::array()},
               {"facts", records_}};
  for (const Paragraph& paragraph : paragraphs_) {
    Json entry = Json::object();
    if (!paragraph.heading.empty()) entry["heading"] = paragraph.heading;
    entry["text"] = paragraph.text;
    json["paragraphs"].push_back(std::move(entry));
  }
  for (const Expectation& expectation : expectations_) {
    json["expectations"].push_back({{"met", expectation.met},
                                    {"expected", expectation.expected},
                                    {"seen", expectation.seen}});
  }
  return json;
}

}  // namespace standoff::client

// One act of the demo: what it tells and what it had to show.

#ifndef STANDOFF_CLIENT_CLI_DEMO_ACT_H_
#define STANDOFF_CLIENT_CLI_DEMO_ACT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/cli/json.h"
#include "standoff/v1/outcome.pb.h"

namespace standoff::client {

// Something that an act must show.
struct Expectation {
  bool met;
  std::string expected;
  std::string seen;
};

// A paragraph and the lines of figures beneath it.
struct Paragraph {
  // May be empty.
  std::string heading;
  std::string text;
  std::vector<std::string> figures;
};

class Act {
 public:
  explicit Act(std::string title) : title_(std::move(title)) {}

  // Begins a paragraph; without a heading the act's title is enough.
  void Begin(absl::string_view heading = "");
  // Adds to the paragraph's text: sentences.
  void Say(absl::string_view text);
  // Adds a line beneath the paragraph, shown as it is.
  void Figure(absl::string_view line);
  // The same for how a call ended: "right Receive   returned 5".
  void Figure(absl::string_view call, const v1::Outcome& outcome);
  // Adds to what machines are told.
  void Record(absl::string_view name, Json value);

  // Notes what had to be shown and what was. Returns `met`.
  bool Expect(bool met, absl::string_view expected, absl::string_view seen);

  const std::string& title() const { return title_; }
  const std::vector<Paragraph>& paragraphs() const { return paragraphs_; }
  // Those that were not met.
  std::vector<Expectation> Unmet() const;
  bool ok() const { return Unmet().empty(); }
  Json ToJson() const;

 private:
  Paragraph& Current();

  std::string title_;
  std::vector<Paragraph> paragraphs_;
  std::vector<Expectation> expectations_;
  Json records_ = Json::object();
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_ACT_H_

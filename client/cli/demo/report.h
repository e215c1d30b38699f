// What the demo writes.

#ifndef STANDOFF_CLIENT_CLI_DEMO_REPORT_H_
#define STANDOFF_CLIENT_CLI_DEMO_REPORT_H_

#include "absl/time/time.h"
#include "client/cli/demo/act.h"
#include "client/cli/demo/stage.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"

namespace standoff::client {

// Writes to standard output: text as the demo goes on, or one JSON document at
// its end.
class Report {
 public:
  enum class Form { kText, kJson };

  Report(Form form, Style style) : form_(form), style_(style) {}

  void Begin(const Stage& stage);
  void Add(const Act& act);
  // What comes after the acts, and has no number.
  void AddVerdict(const Act& verdict);
  void End(absl::Duration elapsed);

  // Whether all acts and the verdict so far showed what they must.
  bool ok() const { return failed_ == 0 && has_verdict_; }

 private:
  void PrintAct(absl::string_view title, const Act& act);
  std::string Failure() const;

  const Form form_;
  const Style style_;
  int played_ = 0;
  int failed_ = 0;
  // False only if there was one that is not as it must be.
  bool has_verdict_ = true;
  Json json_ = Json::object();
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_REPORT_H_

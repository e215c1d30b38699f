#include "client/cli/demo_command.h"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cli/demo/acts.h"
#include "client/cli/demo/find_daemon.h"
#include "client/cli/demo/report.h"
#include "client/cli/demo/stage.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"

namespace standoff::client {
namespace {

struct DemoFlags {
  std::string daemon;
  bool json = false;
  bool loopback = false;
};

int Run(const DemoFlags& flags) {
  const auto start = std::chrono::steady_clock::now();
  absl::StatusOr<std::string> daemon = FindDaemon(flags.daemon);
  if (!daemon.ok()) {
    PrintError(daemon.status().message());
    return kFailure;
  }
  absl::StatusOr<Stage> stage = Stage::Build(*daemon, flags.loopback);
  if (!stage.ok()) {
    PrintError(stage.status().message());
    return kFailure;
  }

  Report report(flags.json ? Report::Form::kJson : Report::Form::kText,
                Style(!flags.json && WantsColour(STDOUT_FILENO)));
  report.Begin(*stage);
  for (const ActScript& script : Acts()) {
    Act act(script.title);
    const absl::Status status = script.play(*stage, act);
    act.Expect(status.ok(), "the act runs to its end", status.ToString());
    report.Add(act);
  }
  Act verdict("Why is it blocked?");
  const absl::Status status = PlayWhy(*stage, verdict);
  verdict.Expect(status.ok(), "the verdict is there", status.ToString());
  report.AddVerdict(verdict);
  report.End(absl::FromChrono(std::chrono::steady_clock::now() - start));
  return report.ok() ? kSuccess : kFailure;
}

}  // namespace

void AddDemoCommand(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "demo",
      "Shows on real sockets, in five acts and a few seconds, what a blocking "
      "call, a non-blocking call, a timeout and a deadlock are, and three ways "
      "out of the deadlock; at the end, what `standoff why` says of it.");
  command->footer(
      "Two hosts, left and right, are made of network namespaces on this "
      "machine, which ordinary users can have where the kernel lets them; else "
      "both are this machine itself. Nothing is left behind. The exit status "
      "is 0 only if each act showed what it must.");
  auto flags = std::make_shared<DemoFlags>();
  command
      ->add_option("--daemon", flags->daemon,
                   "The program standoffd. Without it, the one beside this "
                   "program, built with it, or on the PATH.")
      ->type_name("PATH");
  command->add_flag("--json", flags->json, "Writes JSON, for machines.");
  command->add_flag("--loopback", flags->loopback,
                    "Makes no namespaces: both daemons run on this machine's "
                    "loopback.");
  command->callback(
      [&action, flags] { action = [flags] { return Run(*flags); }; });
}

}  // namespace standoff::client

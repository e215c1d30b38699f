// standoff: drives daemons from the command line.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "client/cli/cancel_command.h"
#include "client/cli/command.h"
#include "client/cli/demo_command.h"
#include "client/cli/events_command.h"
#include "client/cli/help_formatter.h"
#include "client/cli/info_command.h"
#include "client/cli/ps_command.h"
#include "client/cli/session_command.h"
#include "client/cli/socket_command.h"
#include "client/cli/terminal.h"
#include "client/cli/why_command.h"

namespace standoff::client {
namespace {

constexpr char kDescription[] =
    "standoff drives test hosts, on which standoffd holds real sockets.";

constexpr char kFooter[] =
    "Exit statuses: 0, done; 1, it failed; 2, wrong usage; `why` has others, "
    "too. Errors go to "
    "standard error and begin with \"standoff: \". There is colour only on a "
    "terminal, and none if NO_COLOR is set.";

int Main(int argc, char** argv) {
  // gRPC's own log says nothing that the errors don't. Who wants it sets this.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);

  CLI::App app(kDescription, "standoff");
  app.footer(kFooter);
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_version_flag("--version", "standoff " STANDOFF_VERSION,
                       "Prints the version.");
  app.set_help_flag("-h,--help", "Prints this help.");
  app.require_subcommand(1);
  Action action;
  AddInfoCommand(app, action);
  AddPsCommand(app, action);
  AddEventsCommand(app, action);
  AddWhyCommand(app, action);
  AddCancelCommand(app, action);
  AddSocketCommand(app, action);
  AddSessionCommand(app, action);
  AddDemoCommand(app, action);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are "errors", too.
    if (error.get_exit_code() == 0) return app.exit(error);
    PrintError(error.what());
    std::cerr << "Run with --help for more information.\n";
    return kUsage;
  }
  return action();
}

}  // namespace
}  // namespace standoff::client

int main(int argc, char** argv) { return standoff::client::Main(argc, argv); }

// Help that fits a terminal.

#ifndef STANDOFF_CLIENT_CLI_HELP_FORMATTER_H_
#define STANDOFF_CLIENT_CLI_HELP_FORMATTER_H_

#include <CLI/CLI.hpp>
#include <string>

namespace standoff::client {

// CLI11's help with lines of at most 80 columns; CLI11 leaves long ones long.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();

  std::string make_description(const CLI::App* app) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* subcommand) const override;
  std::string make_footer(const CLI::App* app) const override;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_HELP_FORMATTER_H_

// The daemon's command line (server/flags.h): an argument a line.

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "server/flags.h"
#include "server/limits.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

// What is written to a stream meanwhile.
class Captured {
 public:
  explicit Captured(std::ostream& stream)
      : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(before_); }

  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* const before_;
};

void CheckLimits(const Limits& limits) {
  for (const int64_t limit :
       {limits.max_sockets, limits.max_waiting_calls, limits.max_actors,
        limits.max_operations, limits.max_history_bytes,
        limits.max_history_operations, limits.max_events, limits.max_sessions,
        limits.max_transfer, limits.max_pattern_memory}) {
    Check(limit >= 1);
  }
  for (const int64_t limit :
       {limits.max_session_sockets, limits.max_session_waiting_calls,
        limits.max_session_actors, limits.max_session_operations,
        limits.max_session_history_bytes}) {
    Check(limit >= 0);
  }
}

void Try(absl::string_view text) {
  std::vector<std::string> arguments = {"standoffd"};
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    // As the kernel would hand it over.
    arguments.emplace_back(line.substr(0, line.find('\0')));
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  Flags flags;
  std::optional<int> status;
  std::string told;
  {
    const Captured out(std::cout);
    const Captured errors(std::cerr);
    status = ParseFlags(static_cast<int>(argv.size()), argv.data(), flags);
    told = out.text() + errors.text();
  }
  // It goes on in silence, or ends and tells why.
  Check(status.has_value() != told.empty(), told);
  if (status.has_value()) {
    Check(*status == 0 || *status == 2, told);
    return;
  }
  CheckLimits(flags.daemon.limits);
  Check(!flags.daemon.listen.empty());
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}

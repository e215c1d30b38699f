// What a daemon tells, to what `standoff ps` and `standoff events` show of it
// (client/cli/ps_table.h, happening.h). An input is a byte for which of the
// two, one for the width of the terminal, and a snapshot or an event.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/happening.h"
#include "client/cli/json.h"
#include "client/cli/ps_table.h"
#include "client/cli/terminal.h"
#include "standoff/v1/host_service.pb.h"
#include "standoff/v1/operation_service.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff::client {
namespace {

// Nothing in it can steer a terminal, and it ends its line.
void CheckShown(absl::string_view text) {
  Check(!text.empty() && text.back() == '\n', text);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    Check((byte >= 0x20 || byte == '\n') && byte != 0x7F, text);
    // U+0080 to U+009F.
    Check(byte != 0xC2 || i + 1 == text.size() ||
              static_cast<unsigned char>(text[i + 1]) >= 0xA0 ||
              static_cast<unsigned char>(text[i + 1]) < 0x80,
          text);
  }
}

// Whoever reads it can.
void CheckJson(const Json& json) {
  const std::string text = FormatJson(json);
  Check(Json::accept(text), text);
  CheckShown(text);
}

void TrySnapshot(const std::string& bytes, size_t columns) {
  v1::SnapshotResponse snapshot;
  if (!snapshot.ParseFromString(bytes)) return;
  const std::vector<HostSnapshot> hosts = {
      {.name = "left", .address = "127.0.0.1:7411", .snapshot = snapshot},
      {.name = "right",
       .address = "127.0.0.1:7412",
       .snapshot = absl::UnavailableError(snapshot.host_name())}};
  const Style style(/*colour=*/false);
  CheckShown(RenderPs(hosts, style));
  CheckShown(RenderPs(hosts, style, columns));
  CheckJson(PsJson(hosts));
}

void TryEvent(const std::string& bytes, size_t columns) {
  Happening happening = {.host = "left"};
  if (!happening.event.ParseFromString(bytes)) return;
  const absl::Time origin = absl::UnixEpoch();
  happening.local_ns = happening.event.monotonic_ns();
  const std::string line =
      FormatHappening(happening, origin, columns, Style(/*colour=*/false));
  CheckShown(line);
  Check(std::count(line.begin(), line.end(), '\n') == 1, line);
  CheckJson(HappeningJson(happening, origin));
}

}  // namespace
}  // namespace standoff::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Input input(data, size);
  const bool is_event = input.Bool();
  const auto columns = input.Number<uint8_t>();
  if (is_event) {
    standoff::client::TryEvent(input.Rest(), columns);
  } else {
    standoff::client::TrySnapshot(input.Rest(), columns);
  }
  return 0;
}

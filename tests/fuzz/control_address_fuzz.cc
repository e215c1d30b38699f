// Values of --listen (server/control_address.h).

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/control_address.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using standoff::Check;
  using standoff::ControlAddress;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<std::vector<ControlAddress>> addresses =
      standoff::ParseControlAddress(text);
  if (!addresses.ok()) {
    standoff::CheckRefusal(addresses.status(), "--listen=");
    return 0;
  }
  Check(!addresses->empty());
  // What is printed can be given.
  for (const ControlAddress& address : *addresses) {
    const std::string printed = address.ToString();
    const absl::StatusOr<std::vector<ControlAddress>> again =
        standoff::ParseControlAddress(printed);
    Check(again.ok() && again->size() == 1, printed);
    Check(again->front().ToString() == printed, printed);
    Check(again->front().is_unix() == address.is_unix(), printed);
    Check(again->front().is_local() == address.is_local(), printed);
  }
  return 0;
}

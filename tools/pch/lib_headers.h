// What most of lib reads that takes the compiler long.

#ifndef STANDOFF_TOOLS_PCH_LIB_HEADERS_H_
#define STANDOFF_TOOLS_PCH_LIB_HEADERS_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#endif  // STANDOFF_TOOLS_PCH_LIB_HEADERS_H_

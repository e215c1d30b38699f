// What most tests read that takes the compiler long.

#ifndef STANDOFF_TOOLS_PCH_TEST_HEADERS_H_
#define STANDOFF_TOOLS_PCH_TEST_HEADERS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#endif  // STANDOFF_TOOLS_PCH_TEST_HEADERS_H_

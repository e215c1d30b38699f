// The same for lib's tests.

#ifndef STANDOFF_TOOLS_PCH_LIB_TEST_HEADERS_H_
#define STANDOFF_TOOLS_PCH_LIB_TEST_HEADERS_H_

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/pch/lib_headers.h"

#endif  // STANDOFF_TOOLS_PCH_LIB_TEST_HEADERS_H_

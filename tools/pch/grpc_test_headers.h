// The same for its tests.

#ifndef STANDOFF_TOOLS_PCH_GRPC_TEST_HEADERS_H_
#define STANDOFF_TOOLS_PCH_GRPC_TEST_HEADERS_H_

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/pch/grpc_headers.h"

#endif  // STANDOFF_TOOLS_PCH_GRPC_TEST_HEADERS_H_

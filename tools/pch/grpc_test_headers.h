// The same for tests of what speaks gRPC.

#ifndef STANDOFF_TOOLS_PCH_GRPC_TEST_HEADERS_H_
#define STANDOFF_TOOLS_PCH_GRPC_TEST_HEADERS_H_

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
#include "standoff/v1/host_service.grpc.pb.h"
#include "standoff/v1/operation_service.grpc.pb.h"
#include "standoff/v1/session_service.grpc.pb.h"
#include "standoff/v1/socket_service.grpc.pb.h"

#endif  // STANDOFF_TOOLS_PCH_GRPC_TEST_HEADERS_H_

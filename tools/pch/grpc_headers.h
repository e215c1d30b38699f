// What most of the rest reads that takes the compiler long.

#ifndef STANDOFF_TOOLS_PCH_GRPC_HEADERS_H_
#define STANDOFF_TOOLS_PCH_GRPC_HEADERS_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "standoff/v1/diagnosis_service.grpc.pb.h"
#include "standoff/v1/host_service.grpc.pb.h"
#include "standoff/v1/operation_service.grpc.pb.h"
#include "standoff/v1/session_service.grpc.pb.h"
#include "standoff/v1/socket_service.grpc.pb.h"

#endif  // STANDOFF_TOOLS_PCH_GRPC_HEADERS_H_

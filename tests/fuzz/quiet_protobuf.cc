// Protocol Buffers say nothing of strings that are not UTF-8: most inputs have
// some.

#include <google/protobuf/stubs/logging.h>

namespace {

[[maybe_unused]] const auto before = google::protobuf::SetLogHandler(nullptr);

}  // namespace

#include "server/logging.h"

#include <grpc/support/log.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <string.h>

#include <memory>
#include <mutex>
#include <shared_mutex>

namespace standoff {
namespace {

// Whether there is a log. gRPC's threads go on, and may have something to say,
// when it ends; so this is never destroyed.
struct LogState {
  std::shared_mutex mutex;
  // Guarded by `mutex`.
  bool open = false;
};

LogState& State() {
  static LogState& state = *new LogState;
  return state;
}

void LogOfGrpc(gpr_log_func_args* message) {
  LogState& state = State();
  // Nobody waits while holding it: the log drops lines instead.
  std::shared_lock lock(state.mutex);
  if (!state.open) return;
  const bool is_error = message->severity == GPR_LOG_SEVERITY_ERROR;
  spdlog::log(is_error ? spdlog::level::warn : spdlog::level::debug, "grpc: {}",
              message->message);
}

}  // namespace

void SetUpLogging(const std::string& level) {
  // A thread of its own writes, and forgets the oldest lines if nobody takes
  // them: a full pipe must not stop the daemon.
  constexpr size_t kMaxLines = 1024;
  spdlog::init_thread_pool(kMaxLines, 1);
  spdlog::set_default_logger(
      spdlog::create_async_nb<spdlog::sinks::stderr_color_sink_mt>(
          "standoffd"));
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%f%z %^%l%$ [%t] %v");
  {
    std::lock_guard lock(State().mutex);
    State().open = true;
  }
  gpr_set_log_function(LogOfGrpc);
  const bool wants_more = spdlog::should_log(spdlog::level::debug);
  gpr_set_log_verbosity(wants_more ? GPR_LOG_SEVERITY_INFO
                                   : GPR_LOG_SEVERITY_ERROR);
}

void FinishLogging() {
  {
    std::lock_guard lock(State().mutex);
    State().open = false;
  }
  spdlog::shutdown();
}

void LogShutdown(int signal_number) {
  spdlog::info("{}: shutting down", strsignal(signal_number));
}

}  // namespace standoff

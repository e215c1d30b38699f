#include "server/sessions/session.h"

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "lib/inspection.h"
#include "lib/option.h"
#include "lib/option_table.h"
#include "server/convert/time.h"

namespace standoff {
namespace {

// For threads that are stuck in the kernel: what they use stays theirs.
constexpr absl::Duration kPatience = absl::Seconds(10);

// The close to come does not wait.
void DontLinger(Socket& socket) {
  if (!Lingers(socket)) return;
  const absl::StatusOr<std::string> off =
      EncodeOption(OptionType::kLinger, Linger{.on = false, .seconds = 0});
  SetOption(socket, SOL_SOCKET, SO_LINGER, absl::string_view(*off));
}

}  // namespace

Session::Session(std::string name, Labels labels, absl::Duration lease,
                 HostResources& host)
    : name_(std::move(name)),
      labels_(std::move(labels)),
      creation_time_(absl::Now()),
      host_(host),
      lease_(lease),
      sockets_(SessionLimit(host.limits.max_session_sockets,
                            host.limits.max_sockets),
               host.sockets),
      operations_(name_, host.limits, host.operations),
      waiting_calls_(SessionLimit(host.limits.max_session_waiting_calls,
                                  host.limits.max_waiting_calls),
                     "too many calls of this session wait",
                     "max_session_waiting_calls", &host.waiting_calls),
      performer_{.actions = {.sockets = sockets_,
                             .limits = host.limits,
                             .pattern_memory = host.pattern_memory},
                 .waiting = waiting_calls_,
                 .sleep_detector = host.operations.sleep_detector},
      actors_(
          SessionLimit(host.limits.max_session_actors, host.limits.max_actors),
          host.actors, host.threads,
          [this](const std::shared_ptr<Operation>& operation) {
            performer_.Perform(operation);
          }) {}

v1::Session Session::ToProto() const {
  v1::Session proto;
  proto.set_name(name_);
  proto.mutable_labels()->insert(labels_.begin(), labels_.end());
  proto.set_lease_seconds(absl::ToDoubleSeconds(lease_.length()));
  if (const auto left = lease_.Left(); left.has_value()) {
    DurationToProto(*left, *proto.mutable_lease_left());
  }
  TimeToProto(creation_time_, *proto.mutable_creation_time());
  proto.set_sockets(static_cast<uint32_t>(sockets_.size()));
  proto.set_actors(static_cast<uint32_t>(actors_.size()));
  proto.set_operations(static_cast<uint32_t>(operations_.in_progress()));
  return proto;
}

Session::Ended Session::End(const absl::Status& status) {
  Ended ended;
  operations_.Close();
  end_.Come(status);
  const OperationTable::Operations in_progress = operations_.InProgress();
  ended.operations = static_cast<int64_t>(in_progress.size());
  // The last one first, so that no queued one begins when one before it ends.
  std::for_each(in_progress.rbegin(), in_progress.rend(),
                [](const auto& operation) { operation->Cancel(); });
  if (operations_.WaitUntilEnded(kPatience)) {
    actors_.StopAll();
  } else {
    spdlog::error("a thread of session '{}' is stuck in the kernel", name_);
    // That thread uses it: it stays for ever.
    new std::shared_ptr<Session>(shared_from_this());
  }
  operations_.events().Close();
  const std::vector<std::shared_ptr<OpenSocket>> sockets = sockets_.TakeAll();
  ended.sockets = static_cast<int64_t>(sockets.size());
  // Closed with the last one who uses them.
  for (const auto& socket : sockets) DontLinger(socket->socket());
  return ended;
}

void ReturnMemory() { malloc_trim(0); }

}  // namespace standoff

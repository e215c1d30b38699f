#include "client/diagnosis/action_waits.h"

#include "standoff/v1/payload.pb.h"
#include "standoff/v1/socket_service.pb.h"

namespace standoff::client {
std::vector<WaitKind> WaitsFor(
    const google::protobuf::RepeatedField<int>& events) {
  int bits = 0;
  for (const int event : events) bits |= event;
  std::vector<WaitKind> kinds;
  constexpr int kIn = v1::POLL_EVENT_IN | v1::POLL_EVENT_PRI;
  if ((bits & kIn) != 0) kinds.push_back(WaitKind::kReceive);
  if ((bits & v1::POLL_EVENT_OUT) != 0) kinds.push_back(WaitKind::kSend);
  if (kinds.empty()) kinds.push_back(WaitKind::kHangUp);
  return kinds;
}

ReceiveWait ReceiveWaitOf(uint64_t length,
                          const google::protobuf::RepeatedField<int>& flags) {
  int bits = 0;
  for (const int flag : flags) bits |= flag;
  return {.length = length,
          .wait_all = (bits & v1::MESSAGE_FLAG_WAITALL) != 0,
          .peeks = (bits & v1::MESSAGE_FLAG_PEEK) != 0};
}

namespace {

// Where all of its messages go, if that is one address; else null.
const v1::Address* SharedDestination(const v1::SendBatchRequest& batch) {
  const v1::Address* shared = nullptr;
  for (const v1::OutgoingMessage& message : batch.messages()) {
    if (!message.has_destination()) return nullptr;
    if (shared == nullptr) shared = &message.destination();
    if (shared->SerializeAsString() !=
        message.destination().SerializeAsString()) {
      return nullptr;
    }
  }
  return shared;
}

}  // namespace

std::vector<ActionWait> WaitsOf(const v1::Action& action) {
  switch (action.request_case()) {
    case v1::Action::kConnect:
      return {{.socket = action.connect().socket(),
               .kind = WaitKind::kConnect,
               .target = &action.connect().address()}};
    case v1::Action::kAccept:
      return {{.socket = action.accept().socket(), .kind = WaitKind::kAccept}};
    case v1::Action::kReceive:
      return {{.socket = action.receive().socket(),
               .kind = WaitKind::kReceive,
               .receive = ReceiveWaitOf(
                   static_cast<uint64_t>(action.receive().length()),
                   action.receive().flags())}};
    case v1::Action::kSend:
      return {{.socket = action.send().socket(),
               .kind = WaitKind::kSend,
               .target = action.send().has_destination()
                             ? &action.send().destination()
                             : nullptr}};
    case v1::Action::kReceiveBatch:
      return {{.socket = action.receive_batch().socket(),
               .kind = WaitKind::kReceive}};
    case v1::Action::kSendBatch:
      return {{.socket = action.send_batch().socket(),
               .kind = WaitKind::kSend,
               .target = SharedDestination(action.send_batch())}};
    case v1::Action::kPoll: {
      std::vector<ActionWait> waits;
      for (const v1::PollItem& item : action.poll().items()) {
        for (const WaitKind kind : WaitsFor(item.events())) {
          waits.push_back({.socket = item.socket(), .kind = kind});
        }
      }
      return waits;
    }
    default:
      return {};
  }
}

}  // namespace standoff::client

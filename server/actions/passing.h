// Control messages of sends and receives, with the sockets that go with them
// (SCM_RIGHTS, unix(7)): by their names, never by a descriptor's number.

#ifndef STANDOFF_SERVER_ACTIONS_PASSING_H_
#define STANDOFF_SERVER_ACTIONS_PASSING_H_

#include <google/protobuf/repeated_field.h>

#include <deque>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/control_message.h"
#include "lib/interruption.h"
#include "lib/transfer.h"
#include "server/actions/action.h"
#include "server/actions/on_socket.h"
#include "standoff/v1/payload.pb.h"

namespace standoff {

using ControlMessagesProto =
    google::protobuf::RepeatedPtrField<v1::ControlMessage>;

// The control messages of a send, checked.
class OutgoingControl {
 public:
  OutgoingControl(OutgoingControl&&) = default;

  // `field` is their field in the request, for errors.
  static absl::StatusOr<OutgoingControl> Check(ActionContext& context,
                                               const ControlMessagesProto& from,
                                               absl::string_view field);

  // Before messages(): holds the sockets that are to be passed, so that none of
  // them is closed meanwhile. Does nothing if it holds them. NotFound if one of
  // them is being closed.
  absl::Status Hold(Interruption* interruption);
  // Lets go of them.
  void Release() { calls_.clear(); }

  const std::vector<ControlMessage>& messages() const { return messages_; }

 private:
  // The sockets that one of the messages passes.
  struct Passed {
    size_t message;
    std::vector<std::shared_ptr<OpenSocket>> sockets;
  };

  OutgoingControl() = default;

  absl::Status AddRights(ActionContext& context, const v1::PassedSockets& from,
                         absl::string_view field);

  std::vector<ControlMessage> messages_;
  std::vector<Passed> passed_;
  std::deque<SocketCall> calls_;
};

// Fills in the control messages of a message that was received: as bytes if
// `raw`. Sockets that came with it are the session's from now on, with names of
// the daemon's making. Those for which it has no room are closed, as are those
// of families that a client can't open.
void ControlMessagesToProto(ActionContext& context, Received& received,
                            bool raw, ControlMessagesProto& to);

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_PASSING_H_

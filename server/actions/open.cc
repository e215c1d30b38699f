// Open, OpenPair, Accept and Duplicate: actions that make sockets.

#include <sys/socket.h>

#include <memory>
#include <utility>

#include "lib/socket.h"
#include "server/actions/actions.h"
#include "server/actions/family.h"
#include "server/actions/on_socket.h"
#include "server/convert/address.h"
#include "server/convert/field_error.h"
#include "server/convert/outcome.h"
#include "server/convert/time.h"
#include "server/descriptor_reserve.h"

namespace standoff {
namespace {

using Reservation = SocketTable::Reservation;

// The number that a field has, or its default.
int Or(int number, int default_number) {
  return number == 0 ? default_number : number;
}

// Sets the mode that was asked for, unless SOCK_NONBLOCK in the type did.
Outcome SetInitialTimeout(Socket& socket, Timeout timeout) {
  if (!timeout.has_value()) return {};
  return socket.SetTimeout(timeout);
}

}  // namespace

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::OpenRequest& request,
                                       v1::OpenResponse& response) {
  if (absl::Status status = CheckFamily(request.family()); !status.ok()) {
    return status;
  }
  absl::StatusOr<Timeout> timeout = TimeoutFromProto(request);
  if (!timeout.ok()) return timeout.status();
  absl::StatusOr<Reservation> reservation =
      context.sockets.Reserve(request.name(), "name");
  if (!reservation.ok()) return reservation.status();
  PreparedAction action;
  action.perform = [&context, &request, &response, timeout = *timeout,
                    reservation = *std::move(reservation)](
                       Interruption*) mutable -> absl::Status {
    if (const auto refused = CheckDescriptors(context.sockets.host_size());
        refused.has_value()) {
      OutcomeToProto(*refused, *response.mutable_outcome());
      return absl::OkStatus();
    }
    Result<Socket> opened =
        Socket::Open(Or(request.family(), AF_INET),
                     Or(request.type(), SOCK_STREAM), request.protocol());
    OutcomeToProto(opened.outcome, *response.mutable_outcome());
    if (!opened.ok()) return absl::OkStatus();
    const Outcome mode = SetInitialTimeout(opened.value, timeout);
    if (!mode.ok()) {
      OutcomeToProto(mode, *response.mutable_outcome());
      return absl::OkStatus();
    }
    response.set_socket(reservation.name());
    reservation.Fill(std::move(opened.value), context.use);
    return absl::OkStatus();
  };
  return action;
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::OpenPairRequest& request,
                                       v1::OpenPairResponse& response) {
  if (absl::Status status = CheckFamily(request.family()); !status.ok()) {
    return status;
  }
  absl::StatusOr<Timeout> timeout = TimeoutFromProto(request);
  if (!timeout.ok()) return timeout.status();
  absl::StatusOr<Reservation> first =
      context.sockets.Reserve(request.first_name(), "first_name");
  if (!first.ok()) return first.status();
  absl::StatusOr<Reservation> second =
      context.sockets.Reserve(request.second_name(), "second_name");
  if (!second.ok()) return second.status();
  PreparedAction action;
  action.perform = [&context, &request, &response, timeout = *timeout,
                    first = *std::move(first), second = *std::move(second)](
                       Interruption*) mutable -> absl::Status {
    if (const auto refused = CheckDescriptors(context.sockets.host_size(), 2);
        refused.has_value()) {
      OutcomeToProto(*refused, *response.mutable_outcome());
      return absl::OkStatus();
    }
    Result<std::pair<Socket, Socket>> opened =
        Socket::OpenPair(Or(request.family(), AF_UNIX),
                         Or(request.type(), SOCK_STREAM), request.protocol());
    OutcomeToProto(opened.outcome, *response.mutable_outcome());
    if (!opened.ok()) return absl::OkStatus();
    for (Socket* socket : {&opened.value.first, &opened.value.second}) {
      const Outcome mode = SetInitialTimeout(*socket, timeout);
      if (mode.ok()) continue;
      OutcomeToProto(mode, *response.mutable_outcome());
      return absl::OkStatus();
    }
    response.set_first_socket(first.name());
    response.set_second_socket(second.name());
    first.Fill(std::move(opened.value.first), context.use);
    second.Fill(std::move(opened.value.second), context.use);
    return absl::OkStatus();
  };
  return action;
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::AcceptRequest& request,
                                       v1::AcceptResponse& response) {
  absl::StatusOr<Timeout> timeout = TimeoutFromProto(request);
  if (!timeout.ok()) return timeout.status();
  absl::StatusOr<std::shared_ptr<OpenSocket>> listener =
      context.sockets.Find(request.socket());
  if (!listener.ok()) return listener.status();
  // Before the call: a connection that was taken must not be lost for lack of
  // room.
  absl::StatusOr<Reservation> reservation =
      context.sockets.Reserve(request.name(), "name");
  if (!reservation.ok()) return reservation.status();
  return OnSocket(
      *std::move(listener), context.use, Waits::kAsItsMode,
      [&context, &response, timeout = *timeout,
       reservation = *std::move(reservation)](
          Socket& socket, Interruption* interruption) mutable {
        // Before the call, as in the kernel: no connection is taken in vain.
        if (const auto refused = CheckDescriptors(context.sockets.host_size());
            refused.has_value()) {
          OutcomeToProto(*refused, *response.mutable_outcome());
          return absl::OkStatus();
        }
        Result<AcceptedSocket> accepted = socket.Accept(interruption);
        OutcomeToProto(accepted.outcome, *response.mutable_outcome());
        if (!accepted.ok()) return absl::OkStatus();
        const Outcome mode = SetInitialTimeout(accepted.value.socket, timeout);
        if (!mode.ok()) {
          OutcomeToProto(mode, *response.mutable_outcome());
          return absl::OkStatus();
        }
        if (!accepted.value.peer.empty()) {
          *response.mutable_peer_address() =
              AddressToProto(accepted.value.peer);
        }
        response.set_accepted_socket(reservation.name());
        reservation.Fill(std::move(accepted.value.socket), context.use);
        return absl::OkStatus();
      });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::DuplicateRequest& request,
                                       v1::DuplicateResponse& response) {
  absl::StatusOr<std::shared_ptr<OpenSocket>> original =
      context.sockets.Find(request.socket());
  if (!original.ok()) return original.status();
  absl::StatusOr<Reservation> reservation =
      context.sockets.Reserve(request.name(), "name");
  if (!reservation.ok()) return reservation.status();
  const OpenSocket* const open = original->get();
  // As one that sets the mode: the two share it from then on.
  return OnSocket(
      *std::move(original), context.use, Waits::kNeverAndSetsMode,
      [&context, &response, open, reservation = *std::move(reservation)](
          Socket& socket, Interruption*) mutable {
        if (const auto refused = CheckDescriptors(context.sockets.host_size());
            refused.has_value()) {
          OutcomeToProto(*refused, *response.mutable_outcome());
          return absl::OkStatus();
        }
        Result<Socket> duplicate = socket.Duplicate();
        OutcomeToProto(duplicate.outcome, *response.mutable_outcome());
        if (!duplicate.ok()) return absl::OkStatus();
        response.set_duplicate_socket(reservation.name());
        reservation.Fill(std::move(duplicate.value), context.use,
                         open->SharedMode());
        return absl::OkStatus();
      });
}

}  // namespace standoff

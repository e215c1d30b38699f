#include "client/cli/demo/look.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/demo/status_macros.h"

namespace standoff::client {
namespace {

bool SameEnd(const EndLook& before, const EndLook& after) {
  const auto figures = [](const v1::SocketDescription& socket) {
    return std::tuple(socket.receive_queue(), socket.send_queue(),
                      socket.tcp_info().bytes_acknowledged(),
                      socket.tcp_info().bytes_received());
  };
  return figures(before.socket) == figures(after.socket);
}

}  // namespace

bool EndLook::Asleep(absl::string_view system_call) const {
  if (socket.waiting_calls() != 1) return false;
  if (!threads.ok()) return true;
  return threads->size() == 1 && threads->front().AsleepIn(system_call);
}

std::string EndLook::ThreadText() const {
  if (!threads.ok()) return "not to be seen";
  return threads->size() == 1
             ? threads->front().ToString()
             : absl::StrCat(threads->size(), " threads of this verb");
}

std::string EndLook::ThreadClause() const {
  if (!threads.ok()) {
    return absl::StrCat("this program may not look at the thread of the call (",
                        threads.status().message(), ")");
  }
  const std::string channel =
      threads->size() != 1 || threads->front().wait_channel.empty()
          ? ""
          : absl::StrCat(", in its function ", threads->front().wait_channel);
  return absl::StrCat("the kernel says that the thread of the call is ",
                      ThreadText(), channel);
}

Json EndLook::ToJson() const {
  Json json = {{"host", name},
               {"socket", standoff::client::ToJson(socket)},
               {"threads", Json::array()}};
  if (!threads.ok()) {
    json["threadsError"] = std::string(threads.status().message());
    return json;
  }
  for (const WaitingThread& thread : *threads) {
    json["threads"].push_back(thread.ToJson());
  }
  return json;
}

absl::StatusOr<EndLook> LookAt(const Player& player, const RemoteSocket& socket,
                               absl::string_view verb) {
  ASSIGN_OR_RETURN(v1::DescribeResponse response, socket.Describe());
  return EndLook{.name = player.name,
                 .socket = std::move(*response.mutable_socket()),
                 .threads = FindWaitingThreads(player.info.pid(), verb)};
}

absl::StatusOr<Look> LookAtBoth(const Stage& stage, const TcpPair& pair,
                                absl::string_view verb) {
  ASSIGN_OR_RETURN(EndLook left, LookAt(stage.left(), pair.left, verb));
  ASSIGN_OR_RETURN(EndLook right, LookAt(stage.right(), pair.right, verb));
  return Look{std::move(left), std::move(right)};
}

bool SameFigures(const Look& before, const Look& after) {
  return SameEnd(before.left, after.left) && SameEnd(before.right, after.right);
}

}  // namespace standoff::client

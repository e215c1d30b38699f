#include "client/cli/demo/stage.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/demo/status_macros.h"
#include "client/lab/user_namespace.h"

namespace standoff::client {
namespace {

Json PlayerJson(const Player& player) {
  return {{"name", player.name},
          {"ip", player.ip},
          {"controlAddress", player.host.address()},
          {"info", ToJson(player.info)}};
}

}  // namespace

absl::StatusOr<Stage> Stage::Build(const std::string& daemon, bool loopback) {
  Stage stage;
  stage.MakeLab(loopback);
  ASSIGN_OR_RETURN(Player left, stage.StartPlayer(daemon, "left", 0));
  ASSIGN_OR_RETURN(Player right, stage.StartPlayer(daemon, "right", 1));
  stage.left_.emplace(std::move(left));
  stage.right_.emplace(std::move(right));
  return stage;
}

void Stage::MakeLab(bool loopback) {
  if (loopback) {
    reason_ = "asked for with --loopback";
  } else {
    absl::Status status = EnterUserNamespaceIfNeeded();
    if (status.ok()) {
      absl::StatusOr<Lab> lab = Lab::Create({"left", "right"});
      status = lab.status();
      if (lab.ok()) lab_.emplace(*std::move(lab));
    }
    reason_ = std::string(status.message());
  }
  description_ =
      lab_.has_value()
          ? "Two hosts on this machine, left and right. Each is a network "
            "namespace with an Ethernet interface of its own (one end of a "
            "veth pair), and a bridge joins them. A standoffd runs on each."
          : absl::StrCat(
                "Two daemons on this machine's loopback stand in for two "
                "hosts, left and right. There are no network namespaces here: ",
                reason_, ".");
}

absl::StatusOr<Player> Stage::StartPlayer(const std::string& daemon,
                                          const std::string& name,
                                          size_t number) const {
  DaemonOptions options = {.program = daemon, .flags = {"--log_level=warning"}};
  if (lab_.has_value()) {
    options.on = [&](const std::vector<std::string>& command) {
      return lab_->On(number, command);
    };
  }
  ASSIGN_OR_RETURN(Daemon started, Daemon::Start(options));
  ASSIGN_OR_RETURN(Host host, Host::Connect(started.address(), {.name = name}));
  ASSIGN_OR_RETURN(v1::GetInfoResponse info, host.GetInfo());
  return Player{name, lab_.has_value() ? lab_->ipv4(number) : "127.0.0.1",
                std::move(started), std::move(host), std::move(info)};
}

Json Stage::ToJson() const {
  Json json = {{"kind", lab_.has_value() ? "namespaces" : "loopback"}};
  if (!lab_.has_value()) json["reason"] = reason_;
  json["hosts"] = {PlayerJson(left()), PlayerJson(right())};
  return json;
}

}  // namespace standoff::client

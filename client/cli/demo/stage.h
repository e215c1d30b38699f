// Where the demo plays: two hosts with a daemon each.

#ifndef STANDOFF_CLIENT_CLI_DEMO_STAGE_H_
#define STANDOFF_CLIENT_CLI_DEMO_STAGE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "client/cli/json.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/lab.h"

namespace standoff::client {

// One of the two hosts.
struct Player {
  std::string name;
  // The address of its sockets, a literal of IPv4.
  std::string ip;
  Daemon daemon;
  Host host;
  v1::GetInfoResponse info;
};

// Two hosts, left and right. Destroying it ends the daemons, and the lab if
// there is one. Move-only.
class Stage {
 public:
  // Makes a lab of two hosts and starts `daemon` in each. With `loopback`, or
  // where a lab can't be had, both run on this machine. To be called while
  // this process has one thread.
  static absl::StatusOr<Stage> Build(const std::string& daemon, bool loopback);

  const Player& left() const { return *left_; }
  const Player& right() const { return *right_; }

  // What it is, in a sentence or two.
  const std::string& description() const { return description_; }
  Json ToJson() const;

 private:
  Stage() = default;

  // Makes the lab, or says why there is none.
  void MakeLab(bool loopback);
  absl::StatusOr<Player> StartPlayer(const std::string& daemon,
                                     const std::string& name,
                                     size_t number) const;

  // Before the players: it goes after them.
  std::optional<Lab> lab_;
  std::optional<Player> left_;
  std::optional<Player> right_;
  std::string description_;
  // Why there is no lab, if there is none.
  std::string reason_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_STAGE_H_

// A situation, made on a stage.

#ifndef STANDOFF_TESTS_WHY_RANDOM_PERFORMANCE_H_
#define STANDOFF_TESTS_WHY_RANDOM_PERFORMANCE_H_

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "standoff/v1/address.pb.h"
#include "standoff/v1/diagnosis.pb.h"
#include "tests/why/freezer.h"
#include "tests/why/random/driver.h"
#include "tests/why/random/situation.h"
#include "tests/why/random/stage.h"

namespace standoff::client {

// A situation as long as it lasts.
class Performance {
 public:
  // Makes it, and waits until each call that it has is blocked.
  Performance(const Stage& stage, const Situation& situation);
  ~Performance();

  // Whether that still is so.
  bool IsAsMade() const;
  // Who made a call; kNobody if it is nobody in the situation.
  size_t PartyOf(const v1::Party& party) const;

 private:
  // An address that a socket is bound to or connects to.
  struct Place {
    bool is_unix = false;
    // An IP address or a path.
    std::string name;
    uint16_t port = 0;

    std::string ForPython() const;
    v1::Address ToProto() const;
  };
  // Where the thread of a party is.
  struct Thread {
    pid_t pid = 0;
    pid_t id = 0;
  };

  bool IsProcess(size_t owner) const {
    return situation_.owners[owner].is_process;
  }
  const Host& HostOf(size_t owner) const {
    return sessions_[situation_.owners[owner].host].host();
  }
  Driver& DriverOf(size_t owner) { return *drivers_.at(owner); }
  Place FreshPlace(const End& end) const;

  void Connect(size_t first);
  // Makes a socket and says where it is bound.
  Place Make(const End& end, const std::string& name, bool is_bound,
             const char* option = nullptr, int value = 0,
             std::optional<Place> at = {});
  void Listen(const End& end, const std::string& name, int backlog);
  void ConnectTo(const End& end, const std::string& name, const Place& place);
  void Close(const End& end);
  void SendSome(const End& from, const End& to);

  void StartActor(size_t party);
  void StartProcess(size_t owner);
  std::vector<std::string> CallArguments(const Party& party) const;
  // Waits until the party's thread is where it is to be.
  void AwaitBlocked(size_t party);
  bool IsBlocked(size_t party) const;
  void Hold();

  const Stage& stage_;
  const Situation& situation_;
  // Of connects that are to be blocked, by end.
  std::map<size_t, Place> targets_;
  std::vector<RemoteSession> sessions_;
  std::map<size_t, std::unique_ptr<Driver>> drivers_;
  std::map<size_t, pid_t> children_;
  std::map<size_t, RemoteOperation> operations_;
  // Of those who send message by message.
  std::map<size_t, std::vector<RemoteOperation>> senders_;
  std::map<size_t, Thread> threads_;
  std::optional<Freezer> freezer_;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_WHY_RANDOM_PERFORMANCE_H_

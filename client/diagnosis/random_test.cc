// Random configurations, whose truth is computed by brute force: which calls
// can never go on, whatever those do who can do something?

#include <algorithm>
#include <cstddef>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/diagnosis/diagnose.h"
#include "client/diagnosis/testing/host_maker.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {
namespace {

constexpr size_t kHosts = 3;

// One end of a connection, or a listener, which has no other end.
struct End {
  size_t host = 0;
  std::string name;
  // The other end's index; its own for a listener.
  size_t peer = 0;
  bool is_listener = false;
  // It could connect to a listener.
  bool is_unconnected = false;
  // Actors that use it, by index: in progress or queued; else the last.
  std::set<size_t> users = {};
  // Nobody's but a client's.
  bool is_scripts = false;
  // Bytes are on their way to the other end.
  bool has_in_flight = false;
};

enum class Doing {
  kNothing,
  kRunning,
  kReceiving,
  kSending,
  kPolling,
  kAccepting
};

struct Someone {
  size_t host = 0;
  std::string name;
  Doing doing = Doing::kNothing;
  // That its call waits on.
  std::vector<size_t> ends = {};
  bool has_timeout = false;
  // A client's plain call instead of an actor's.
  bool is_plain = false;
  // That its queue acts on.
  std::vector<size_t> queued = {};

  bool IsBlocked() const {
    return doing != Doing::kNothing && doing != Doing::kRunning;
  }
};

class Configuration {
 public:
  explicit Configuration(uint32_t seed) : random_(seed) {
    const size_t connections = Choose(1, 4);
    for (size_t i = 0; i < connections; ++i) AddConnection();
    if (OneIn(2)) AddListener();
    if (OneIn(2)) AddUnconnected();
    const size_t people = Choose(1, 6);
    for (size_t i = 0; i < people; ++i) AddSomeone(i);
    for (size_t i = 0; i < ends_.size(); ++i) SettleUse(i);
  }

  // Those whose call never ends, by brute force: all states that can be reached
  // are tried. In each, everybody who can do something may do anything on a
  // socket that he uses, which lets whoever waits at the other end, or on the
  // same one, go on.
  std::set<std::string> StuckForEver() const {
    // A bit for each who is still in his call.
    uint32_t start = 0;
    for (size_t i = 0; i < people_.size(); ++i) {
      if (people_[i].IsBlocked()) start |= 1u << i;
    }
    std::set<uint32_t> seen = {start};
    std::deque<uint32_t> next = {start};
    uint32_t always = start;
    while (!next.empty()) {
      const uint32_t state = next.front();
      next.pop_front();
      always &= state;
      for (size_t i = 0; i < people_.size(); ++i) {
        if ((state >> i & 1) == 0 || !CanGoOn(i, state)) continue;
        const uint32_t after = state & ~(1u << i);
        if (seen.insert(after).second) next.push_back(after);
      }
    }
    std::set<std::string> stuck;
    for (size_t i = 0; i < people_.size(); ++i) {
      if ((always >> i & 1) != 0) stuck.insert(people_[i].name);
    }
    return stuck;
  }

  std::vector<v1::HostObservation> Observe() const {
    std::vector<HostMaker> hosts;
    for (size_t i = 0; i < kHosts; ++i) {
      hosts.emplace_back(absl::StrCat("h", i), std::vector<std::string>{Ip(i)});
    }
    for (const End& end : ends_) Describe(end, hosts[end.host]);
    for (const Someone& someone : people_) {
      Describe(someone, hosts[someone.host]);
    }
    std::vector<v1::HostObservation> observations;
    for (const HostMaker& host : hosts) observations.push_back(host.Twice());
    return observations;
  }

 private:
  size_t Choose(size_t least, size_t most) {
    return std::uniform_int_distribution<size_t>(least, most)(random_);
  }
  bool OneIn(size_t n) { return Choose(1, n) == 1; }

  static std::string Ip(size_t host) {
    return absl::StrCat("10.0.0.", host + 1);
  }

  void AddConnection() {
    const size_t first = ends_.size();
    for (size_t side = 0; side < 2; ++side) {
      ends_.push_back({.host = Choose(0, kHosts - 1),
                       .name = absl::StrCat("s", first + side),
                       .peer = first + 1 - side,
                       .has_in_flight = OneIn(12)});
    }
  }

  void AddListener() {
    ends_.push_back({.host = Choose(0, kHosts - 1),
                     .name = absl::StrCat("s", ends_.size()),
                     .peer = ends_.size(),
                     .is_listener = true});
  }

  void AddUnconnected() {
    ends_.push_back({.host = Choose(0, kHosts - 1),
                     .name = absl::StrCat("s", ends_.size()),
                     .peer = ends_.size(),
                     .is_unconnected = true});
  }

  void AddSomeone(size_t number) {
    Someone someone = {.host = Choose(0, kHosts - 1),
                       .name = absl::StrCat("p", number)};
    std::vector<size_t> own;
    for (size_t i = 0; i < ends_.size(); ++i) {
      if (ends_[i].host == someone.host) own.push_back(i);
    }
    const auto any = [&] { return own[Choose(0, own.size() - 1)]; };
    if (!own.empty() && !OneIn(5) && !ends_[own[0]].is_unconnected) {
      // Calls on one that is not connected fail at once.
      size_t end = any();
      while (ends_[end].is_unconnected) end = any();
      someone.ends = {end};
      if (ends_[end].is_listener) {
        someone.doing = Doing::kAccepting;
      } else if (OneIn(4)) {
        someone.doing = Doing::kPolling;
        const size_t more = Choose(0, 2);
        for (size_t i = 0; i < more; ++i) {
          const size_t other = any();
          if (!ends_[other].is_unconnected) someone.ends.push_back(other);
        }
      } else {
        someone.doing = OneIn(2) ? Doing::kSending : Doing::kReceiving;
      }
      someone.has_timeout = OneIn(8);
      someone.is_plain = OneIn(10);
    } else if (OneIn(3)) {
      someone.doing = Doing::kRunning;
    }
    if (!own.empty() && !someone.is_plain && someone.IsBlocked() && OneIn(4)) {
      someone.queued.push_back(any());
    }
    for (const size_t end : someone.ends) ends_[end].users.insert(number);
    for (const size_t end : someone.queued) ends_[end].users.insert(number);
    people_.push_back(std::move(someone));
  }

  // Who used it last, if nobody uses it now.
  void SettleUse(size_t index) {
    End& end = ends_[index];
    if (!end.users.empty()) return;
    std::vector<size_t> actors;
    for (size_t i = 0; i < people_.size(); ++i) {
      if (people_[i].host == end.host && !people_[i].is_plain) {
        actors.push_back(i);
      }
    }
    if (actors.empty() || OneIn(4)) {
      end.is_scripts = true;
    } else {
      end.users.insert(actors[Choose(0, actors.size() - 1)]);
    }
  }

  bool IsSentOn(size_t end) const {
    return std::any_of(
        people_.begin(), people_.end(), [end](const Someone& someone) {
          return someone.doing == Doing::kSending && someone.ends[0] == end;
        });
  }

  // Whether a state in which `state` are still in their calls lets one of them
  // go on.
  bool CanGoOn(size_t index, uint32_t state) const {
    const Someone& someone = people_[index];
    if (someone.has_timeout || someone.is_plain) return true;
    const auto can_act = [&](size_t other) {
      return !people_[other].IsBlocked() || (state >> other & 1) == 0;
    };
    const auto somebody_acts_on = [&](const End& end, bool but_not_himself) {
      if (end.is_scripts) return true;
      return std::any_of(end.users.begin(), end.users.end(), [&](size_t user) {
        return !(but_not_himself && user == index) && can_act(user);
      });
    };
    for (const size_t i : someone.ends) {
      const End& end = ends_[i];
      if (end.is_listener) {
        // Anybody may connect, but if nobody has a socket for that, it is the
        // script's turn.
        const bool has_connector =
            std::any_of(ends_.begin(), ends_.end(), [&](const End& other) {
              return other.is_unconnected &&
                     (other.is_scripts || other.users.size() > 1 ||
                      !other.users.contains(index));
            });
        if (!has_connector) return true;
        for (size_t other = 0; other < people_.size(); ++other) {
          if (can_act(other) || people_[other].is_plain) return true;
        }
        for (const End& other : ends_) {
          if (other.is_scripts) return true;
        }
        continue;
      }
      const End& peer = ends_[end.peer];
      // What was sent comes to who wants to receive it.
      if (someone.doing != Doing::kSending &&
          (peer.has_in_flight || IsSentOn(end.peer))) {
        return true;
      }
      if (somebody_acts_on(peer, /*but_not_himself=*/false)) return true;
      if (somebody_acts_on(end, /*but_not_himself=*/true)) return true;
    }
    return false;
  }

  void Describe(const End& end, HostMaker& host) const {
    const size_t index = static_cast<size_t>(&end - ends_.data());
    const auto address = [&](const End& of) {
      const size_t number = static_cast<size_t>(&of - ends_.data());
      return absl::StrCat(Ip(of.host), ":", 1000 + number);
    };
    v1::SocketDescription& socket =
        end.is_listener ? host.AddListener(end.name, address(end))
        : end.is_unconnected
            ? host.AddSocket(end.name)
            : host.AddTcp(end.name, address(end), address(ends_[end.peer]));
    if (!end.is_scripts) {
      socket.mutable_last_use()->set_actor(people_[*end.users.begin()].name);
    }
    // Whoever sends has filled all queues.
    if (IsSentOn(index)) {
      Fill(socket);
      socket.set_receive_queue(0);
    }
    if (end.peer != index && IsSentOn(end.peer)) {
      socket.set_receive_queue(1000);
    }
    if (end.has_in_flight) socket.set_send_queue(7);
  }

  void Describe(const Someone& someone, HostMaker& host) const {
    if (!someone.is_plain) {
      v1::Actor& actor = host.AddActor(someone.name);
      for (const size_t end : someone.queued) {
        actor.add_queued_sockets(ends_[end].name);
      }
      actor.set_queued_operations(static_cast<uint32_t>(someone.queued.size()));
      if (someone.doing == Doing::kRunning) actor.set_current_operation_id(5);
    }
    if (!someone.IsBlocked()) return;
    v1::Action action;
    const std::string& name = ends_[someone.ends[0]].name;
    switch (someone.doing) {
      case Doing::kReceiving:
        action.mutable_receive()->set_socket(name);
        break;
      case Doing::kSending:
        action.mutable_send()->set_socket(name);
        break;
      case Doing::kAccepting:
        action.mutable_accept()->set_socket(name);
        break;
      default:
        for (const size_t end : someone.ends) {
          v1::PollItem& item = *action.mutable_poll()->add_items();
          item.set_socket(ends_[end].name);
          item.add_events(v1::POLL_EVENT_IN);
        }
    }
    v1::Operation& operation =
        host.Block(someone.is_plain ? "" : someone.name, action, "any");
    if (someone.has_timeout) {
      operation.mutable_block()->set_deadline_monotonic_ns(
          HostMaker::kStart + 1000 * HostMaker::kSecond);
    }
  }

  std::mt19937 random_;
  std::vector<End> ends_;
  std::vector<Someone> people_;
};

TEST(RandomTest, SaysWhatBruteForceSays) {
  constexpr uint32_t kConfigurations = 3000;
  size_t with_deadlock = 0;
  size_t blocked = 0;
  for (uint32_t seed = 1; seed <= kConfigurations; ++seed) {
    const Configuration configuration(seed);
    v1::DiagnoseRequest request;
    for (const auto& host : configuration.Observe()) {
      *request.add_hosts() = host;
    }
    const auto diagnosis = Diagnose(request);
    ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
    std::set<std::string> stuck;
    for (const v1::BlockedCall& call : diagnosis->blocked()) {
      ++blocked;
      EXPECT_EQ(call.has_deadlock(), call.reason() == v1::REASON_DEADLOCK);
      if (call.has_deadlock()) stuck.insert(call.caller().actor());
    }
    EXPECT_EQ(stuck, configuration.StuckForEver())
        << "seed " << seed << ": " << diagnosis->DebugString();
    // A knot's calls wait for nobody outside.
    for (const v1::Deadlock& deadlock : diagnosis->deadlocks()) {
      EXPECT_EQ(deadlock.proof(), v1::PROOF_PROVED);
      const std::set<uint32_t> calls(deadlock.calls().begin(),
                                     deadlock.calls().end());
      for (const uint32_t call : calls) {
        for (const uint32_t other :
             diagnosis->blocked(static_cast<int>(call)).waits_for()) {
          EXPECT_TRUE(calls.contains(other)) << seed;
        }
      }
      for (const uint32_t call : deadlock.cycle()) {
        EXPECT_TRUE(calls.contains(call)) << seed;
      }
    }
    if (!stuck.empty()) ++with_deadlock;
    if (HasFailure()) break;
  }
  // The dice must not be loaded.
  EXPECT_GT(with_deadlock, kConfigurations / 20);
  EXPECT_GT(blocked, kConfigurations);
}

}  // namespace
}  // namespace standoff::client

#include "tests/why/random/situation.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

class Maker {
 public:
  Maker(uint32_t seed, bool can_freeze, Situation& to)
      : random_(seed), can_freeze_(can_freeze), to_(to) {}

  void Make() {
    to_.owners = {{.host = 0, .is_process = false},
                  {.host = 1, .is_process = false}};
    const size_t processes = OneIn(3) ? 0 : Choose(1, 3);
    for (size_t i = 0; i < processes; ++i) {
      to_.owners.push_back({.host = Choose(0, 1)});
    }
    const size_t connections = Choose(1, 4);
    for (size_t i = 0; i < connections; ++i) AddConnection(i);
    const size_t parents = to_.owners.size();
    for (size_t i = 2; i < parents; ++i) {
      AddOdds(to_.owners[i]);
      if (OneIn(5)) {
        to_.owners.push_back({.host = to_.owners[i].host, .parent = i});
      }
    }
    for (size_t i = 2; i < parents; ++i) AddOddEnds(i);
    for (size_t i = 0; i < to_.owners.size(); ++i) AddParties(i);
    // A timeout is the socket's, and so everybody's.
    for (Party& party : to_.parties) {
      if (party.what == What::kReceiveForATime &&
          std::count_if(to_.parties.begin(), to_.parties.end(),
                        [&](const Party& other) {
                          return std::find(other.ends.begin(), other.ends.end(),
                                           party.ends[0]) != other.ends.end();
                        }) > 1) {
        party.what = What::kReceive;
      }
    }
    // Somebody has to fill what is full.
    for (size_t i = 0; i < to_.ends.size(); ++i) {
      if (to_.ends[i].incoming != Flow::kFull) continue;
      const size_t sender = to_.ends[i].peer;
      const bool has_sender = std::any_of(
          to_.parties.begin(), to_.parties.end(), [&](const Party& party) {
            return party.what == What::kSend && party.ends[0] == sender;
          });
      if (!has_sender) to_.ends[i].incoming = Flow::kNone;
    }
  }

 private:
  size_t Choose(size_t low, size_t high) {
    return low + random_() % (high - low + 1);
  }
  bool OneIn(size_t n) { return Choose(1, n) == 1; }
  template <typename T>
  const T& OneOf(const std::vector<T>& some) {
    return some[Choose(0, some.size() - 1)];
  }

  // Processes more often than sessions, if there are any.
  size_t ChooseOwner() {
    return to_.HasProcesses() && !OneIn(3) ? Choose(2, to_.owners.size() - 1)
                                           : Choose(0, 1);
  }

  void AddConnection(size_t number) {
    const Medium medium = OneOf<Medium>(
        {Medium::kTcp4, Medium::kTcp4, Medium::kTcp4, Medium::kTcp6,
         Medium::kMptcp, Medium::kUdp, Medium::kUnixStream,
         Medium::kUnixSeqpacket, Medium::kUnixDatagram});
    Link link = Link::kConnected;
    if (OneIn(3)) {
      std::vector<Link> links = {Link::kAnyone};
      if (IsDatagram(medium)) {
        links.push_back(Link::kClosed);
      } else {
        links.push_back(Link::kQueued);
        if (medium == Medium::kTcp4 || medium == Medium::kTcp6) {
          links.push_back(Link::kDeferred);
          links.push_back(Link::kFullQueue);
        }
        if (medium == Medium::kUnixStream) links.push_back(Link::kFullQueue);
      }
      link = OneOf(links);
    }
    const size_t first = to_.ends.size();
    End a = {.name = absl::StrCat("a", number),
             .medium = medium,
             .link = link,
             .owner = link == Link::kAnyone ? kNobody : ChooseOwner(),
             .peer = first + 1};
    End b = a;
    b.name = absl::StrCat("b", number);
    b.is_second = true;
    b.is_shared_port = link == Link::kQueued && OneIn(2) &&
                       (medium == Medium::kTcp4 || medium == Medium::kTcp6);
    b.owner = ChooseOwner();
    b.peer = link == Link::kAnyone ? kNobody : first;
    if (link == Link::kConnected) {
      a.incoming = ChooseFlow(medium);
      b.incoming = ChooseFlow(medium);
    } else if (link == Link::kQueued && OneIn(3)) {
      b.incoming = Flow::kFull;
    }
    to_.ends.push_back(std::move(a));
    to_.ends.push_back(std::move(b));
  }

  Flow ChooseFlow(Medium medium) {
    if (OneIn(4) && medium != Medium::kUdp) return Flow::kFull;
    const bool has_low_water =
        medium == Medium::kTcp4 || medium == Medium::kTcp6;
    return has_low_water && OneIn(4) ? Flow::kSome : Flow::kNone;
  }

  void AddOdds(Owner& owner) {
    if (OneIn(8)) owner.held = Held::kStopped;
    if (can_freeze_ && OneIn(12)) owner.held = Held::kFrozen;
    owner.has_alarm = OneIn(16);
    owner.has_timer = OneIn(16);
    owner.has_ring = OneIn(16);
  }

  void AddOddEnds(size_t owner) {
    std::vector<size_t> own;
    for (size_t i = 0; i < to_.ends.size(); ++i) {
      if (to_.ends[i].owner == owner && to_.ends[i].link == Link::kConnected) {
        own.push_back(i);
      }
    }
    if (own.empty()) return;
    if (OneIn(10)) {
      to_.owners[owner].posted = OneOf(own);
    } else if (own.size() > 1 && OneIn(5) &&
               to_.ends[own[0]].incoming == Flow::kNone) {
      to_.owners[owner].replaced = own[0];
      to_.owners[owner].replaced_by = own[1];
      to_.owners[owner].keeps_replaced = OneIn(2);
      // What holds it interrupts its calls, and begins them anew.
      to_.owners[owner].held = Held::kNot;
    }
  }

  void AddParties(size_t owner) {
    const Owner& of = to_.owners[owner];
    if (!of.is_process) {
      const size_t actors = Choose(0, 3);
      for (size_t i = 0; i < actors; ++i) {
        Party party = {.owner = owner, .name = absl::StrCat("actor", i)};
        ChooseCall(party);
        to_.parties.push_back(std::move(party));
      }
      return;
    }
    const size_t others = of.parent != kNobody     ? 0
                          : of.replaced != kNobody ? 1
                                                   : Choose(0, 3) / 2;
    for (size_t i = 0; i <= others; ++i) {
      Party party = {.owner = owner,
                     .name = absl::StrCat("process", owner, ".", i),
                     .has_own_descriptors = i > 0 && OneIn(8)};
      if (i == 1 && of.replaced != kNobody) {
        party.has_own_descriptors = false;
        party.what = What::kReceive;
        party.ends = {of.replaced};
      } else if (i == 0 && others > 0 && of.replaced == kNobody && OneIn(8) &&
                 !HasChild(owner)) {
        party.what = What::kEnd;
      } else {
        ChooseCall(party);
      }
      to_.parties.push_back(std::move(party));
    }
  }

  bool HasChild(size_t owner) const {
    return std::any_of(
        to_.owners.begin(), to_.owners.end(),
        [&](const Owner& other) { return other.parent == owner; });
  }

  void ChooseCall(Party& party) {
    const Owner& owner = to_.owners[party.owner];
    // Standard input has commands for the first thread.
    const bool reads =
        to_.PartiesOf(party.owner).empty() && owner.parent == kNobody;
    const std::vector<What> free =
        !owner.is_process ? std::vector<What>{What::kIdle}
        : reads ? std::vector<What>{What::kRead, What::kNap, What::kHold}
                : std::vector<What>{What::kNap, What::kHold};
    party.what = OneOf(free);
    struct Choice {
      What what;
      size_t end;
    };
    std::vector<Choice> choices;
    for (size_t i = 0; i < to_.ends.size(); ++i) {
      const std::vector<size_t> holders = to_.HoldersOf(i);
      if (std::find(holders.begin(), holders.end(), party.owner) ==
              holders.end() ||
          i == owner.posted || i == owner.replaced ||
          (owner.parent != kNobody && i == to_.owners[owner.parent].posted)) {
        continue;
      }
      for (const What what : PossibleCalls(i)) choices.push_back({what, i});
    }
    if (choices.empty() || OneIn(5)) return;
    const auto [what, end] = OneOf(choices);
    // Only who made it can know whether it is connecting already.
    if (what == What::kConnect && (to_.ends[end].owner != party.owner ||
                                   !connecting_.insert(end).second)) {
      return;
    }
    party.what = what;
    party.ends = {end};
    if (what != What::kPoll && what != What::kEpoll) return;
    if (OneIn(6)) party.what = What::kPollForATime;
    for (const Choice& other : choices) {
      const bool is_known = std::find(party.ends.begin(), party.ends.end(),
                                      other.end) != party.ends.end();
      if (other.what == What::kPoll && !is_known && OneIn(3)) {
        party.ends.push_back(other.end);
      }
    }
  }

  // The calls that are blocked on an end.
  std::vector<What> PossibleCalls(size_t index) {
    const End& end = to_.ends[index];
    if (end.IsListener()) {
      if (end.link == Link::kAnyone || end.link == Link::kDeferred) {
        return {What::kAccept, What::kPoll};
      }
      return {};
    }
    if (end.link == Link::kFullQueue) return {What::kConnect};
    if (end.link == Link::kClosed && end.is_second) return {};
    std::vector<What> calls;
    if (end.incoming != Flow::kFull) {
      const bool is_stream =
          !IsDatagram(end.medium) && end.medium != Medium::kUnixSeqpacket;
      calls = {What::kReceive, What::kReceive, What::kReceive};
      calls.insert(calls.end(), {What::kPoll, What::kEpoll});
      if (end.incoming == Flow::kNone) {
        if (OneIn(3)) calls.push_back(What::kReceiveForATime);
        if (is_stream) calls.push_back(What::kReceiveAll);
      }
    }
    if (end.peer != kNobody && to_.ends[end.peer].incoming == Flow::kFull) {
      calls.insert(calls.end(), {What::kSend, What::kSend, What::kSend});
    }
    return calls;
  }

  std::mt19937 random_;
  const bool can_freeze_;
  std::set<size_t> connecting_;
  Situation& to_;
};

const char* NameOf(Link link) {
  constexpr const char* kNames[] = {"connected",  "queued", "deferred",
                                    "full queue", "closed", "anyone"};
  return kNames[static_cast<size_t>(link)];
}

const char* NameOf(Flow flow) {
  constexpr const char* kNames[] = {"nothing", "some", "full"};
  return kNames[static_cast<size_t>(flow)];
}

}  // namespace

const char* NameOf(Medium medium) {
  constexpr const char* kNames[] = {
      "tcp4",        "tcp6",           "mptcp",        "udp",
      "unix_stream", "unix_seqpacket", "unix_datagram"};
  return kNames[static_cast<size_t>(medium)];
}

const char* NameOf(What what) {
  constexpr const char* kNames[] = {
      "idle",  "receive", "receive all", "receive for a time",
      "send",  "accept",  "poll",        "poll for a time",
      "epoll", "connect", "hold",        "nap",
      "read",  "end"};
  return kNames[static_cast<size_t>(what)];
}

bool IsUnix(Medium medium) {
  return medium == Medium::kUnixStream || medium == Medium::kUnixSeqpacket ||
         medium == Medium::kUnixDatagram;
}

bool IsDatagram(Medium medium) {
  return medium == Medium::kUdp || medium == Medium::kUnixDatagram;
}

bool IsCall(What what) {
  return what != What::kIdle && what != What::kHold && what != What::kNap &&
         what != What::kRead && what != What::kEnd;
}

bool HasTimeout(What what) {
  return what == What::kReceiveForATime || what == What::kPollForATime;
}

Situation::Situation(uint32_t seed, bool can_freeze) {
  Maker(seed, can_freeze, *this).Make();
}

std::vector<size_t> Situation::HoldersOf(size_t end) const {
  const size_t owner = ends[end].owner;
  if (owner == kNobody ||
      (ends[end].link == Link::kClosed && ends[end].is_second)) {
    return {};
  }
  std::vector<size_t> holders = {owner};
  for (size_t i = 0; i < owners.size(); ++i) {
    if (owners[i].parent == owner) holders.push_back(i);
  }
  return holders;
}

std::vector<size_t> Situation::PartiesOf(size_t owner) const {
  std::vector<size_t> all;
  for (size_t i = 0; i < parties.size(); ++i) {
    if (parties[i].owner == owner) all.push_back(i);
  }
  return all;
}

std::string Situation::ToString() const {
  std::string text;
  const auto name = [this](size_t end) { return ends[end].name; };
  for (size_t i = 0; i < owners.size(); ++i) {
    const Owner& owner = owners[i];
    absl::StrAppend(&text, "owner ", i, owner.is_process ? " process" : "",
                    " on host ", owner.host);
    if (owner.parent != kNobody) {
      absl::StrAppend(&text, ", child of ", owner.parent);
    }
    if (owner.held == Held::kStopped) absl::StrAppend(&text, ", stopped");
    if (owner.held == Held::kFrozen) absl::StrAppend(&text, ", frozen");
    if (owner.has_alarm) absl::StrAppend(&text, ", alarm");
    if (owner.has_timer) absl::StrAppend(&text, ", timer");
    if (owner.has_ring) absl::StrAppend(&text, ", ring");
    if (owner.posted != kNobody) {
      absl::StrAppend(&text, ", posted ", name(owner.posted));
    }
    if (owner.replaced != kNobody) {
      absl::StrAppend(&text, ", replaced ", name(owner.replaced), " by ",
                      name(owner.replaced_by),
                      owner.keeps_replaced ? " and kept it" : "");
    }
    absl::StrAppend(&text, "\n");
  }
  for (const End& end : ends) {
    if (end.owner == kNobody) continue;
    absl::StrAppend(&text, "end ", end.name, " of ", end.owner, ": ",
                    NameOf(end.medium), ", ", NameOf(end.link),
                    end.is_shared_port ? ", reuseport" : "", ", incoming ",
                    NameOf(end.incoming), "\n");
  }
  for (const Party& party : parties) {
    absl::StrAppend(&text, "party ", party.name, " of ", party.owner, ": ",
                    NameOf(party.what));
    for (const size_t end : party.ends) absl::StrAppend(&text, " ", name(end));
    absl::StrAppend(&text, party.has_own_descriptors ? ", own descriptors" : "",
                    "\n");
  }
  return text;
}

}  // namespace standoff::client

#include "tests/why/random/performance.h"

#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr double kSeconds = 3600;
constexpr int kLowWater = 5;

const Kind& KindOf(Medium medium) {
  switch (medium) {
    case Medium::kTcp6:
      return kTcp6;
    case Medium::kUdp:
      return kUdp4;
    case Medium::kUnixStream:
      return kUnixStream;
    case Medium::kUnixSeqpacket:
      return kUnixSeqpacket;
    case Medium::kUnixDatagram:
      return kUnixDatagram;
    default:
      return kTcp4;
  }
}

// The system calls in which a thread does it.
std::set<int> SyscallsOf(What what) {
  switch (what) {
    case What::kReceive:
    case What::kReceiveAll:
    case What::kReceiveForATime:
      return {SYS_recvfrom};
    case What::kSend:
      return {SYS_sendto};
    case What::kAccept:
      return {SYS_accept, SYS_accept4};
    case What::kPoll:
    case What::kPollForATime:
      return {SYS_poll, SYS_ppoll};
    case What::kEpoll:
      return {SYS_epoll_wait, SYS_epoll_pwait};
    case What::kConnect:
      return {SYS_connect};
    case What::kHold:
      return {SYS_futex};
    case What::kNap:
      return {SYS_clock_nanosleep};
    default:
      return {SYS_read};
  }
}

v1::PollRequest PollOf(const std::vector<std::string>& sockets,
                       std::optional<double> timeout) {
  v1::PollRequest request = PollOn(sockets);
  if (timeout.has_value()) request.set_timeout_seconds(*timeout);
  return request;
}

}  // namespace

Performance::Performance(const Stage& stage, const Situation& situation)
    : stage_(stage), situation_(situation) {
  for (const Host& host : stage.hosts()) {
    sessions_.push_back(Must(RemoteSession::Create(host)));
  }
  const auto& owners = situation.owners;
  for (size_t i = 2; i < owners.size(); ++i) {
    if (owners[i].parent != kNobody) continue;
    drivers_.emplace(i,
                     std::make_unique<Driver>(stage.DriverOn(owners[i].host)));
  }
  for (size_t i = 0; i < situation.ends.size(); i += 2) Connect(i);
  for (size_t i = 0; i < situation.parties.size(); ++i) {
    if (!IsProcess(situation.parties[i].owner)) StartActor(i);
  }
  for (const auto& [owner, driver] : drivers_) StartProcess(owner);
  for (size_t i = 0; i < situation.parties.size(); ++i) AwaitBlocked(i);
  Hold();
}

Performance::~Performance() {
  // Only then can what is frozen be killed.
  if (freezer_.has_value()) freezer_->Thaw();
  for (const auto& [owner, pid] : children_) kill(pid, SIGKILL);
  drivers_.clear();
}

Performance::Place Performance::FreshPlace(const End& end) const {
  if (IsUnix(end.medium)) {
    // Names of an earlier situation may still be there.
    static int number = 0;
    return {
        .is_unix = true,
        .name = absl::StrCat(stage_.folder(), "/", end.name, "-", ++number)};
  }
  const size_t host = situation_.owners[end.owner].host;
  return {.name = end.medium == Medium::kTcp6 ? stage_.lab().ipv6(host)
                                              : stage_.lab().ipv4(host)};
}

std::string Performance::Place::ForPython() const {
  return is_unix ? Quoted(name)
                 : absl::StrCat("(", Quoted(name), ", ", port, ")");
}

v1::Address Performance::Place::ToProto() const {
  if (!is_unix) return MakeIpAddress(name, port);
  return Must(ParseAddress(absl::StrCat("unix:", name)));
}

Performance::Place Performance::Make(const End& end, const std::string& name,
                                     bool is_bound, const char* option,
                                     int value, std::optional<Place> at) {
  Place place = at.has_value() ? *at : FreshPlace(end);
  if (IsProcess(end.owner)) {
    std::vector<std::string> arguments = {
        Quoted(name), Quoted(NameOf(end.medium)),
        option == nullptr ? "None" : Quoted(option), absl::StrCat(value)};
    if (is_bound) {
      arguments.push_back(place.ForPython());
    }
    place.port = static_cast<uint16_t>(
        DriverOf(end.owner).DoForNumber("make", arguments));
    return place;
  }
  v1::OpenRequest request = OpenRequestOf(KindOf(end.medium));
  request.set_name(name);
  if (end.medium == Medium::kMptcp) request.set_protocol(v1::PROTOCOL_MPTCP);
  const Host& host = HostOf(end.owner);
  Must(host.Open(request));
  const SocketRef socket = host.Socket(name);
  if (option != nullptr) Must(socket.SetOption(option, value));
  if (!is_bound) return place;
  Must(socket.Bind(place.ToProto()));
  if (!place.is_unix) {
    place.port = static_cast<uint16_t>(AddressOf(socket).ip().port());
  }
  return place;
}

void Performance::Listen(const End& end, const std::string& name, int backlog) {
  if (IsProcess(end.owner)) {
    DriverOf(end.owner).Do("listen", {Quoted(name), absl::StrCat(backlog)});
  } else {
    Must(HostOf(end.owner).Socket(name).Listen(backlog));
  }
}

void Performance::ConnectTo(const End& end, const std::string& name,
                            const Place& place) {
  if (IsProcess(end.owner)) {
    DriverOf(end.owner).Do("connect", {Quoted(name), place.ForPython()});
  } else {
    Must(HostOf(end.owner).Socket(name).Connect(place.ToProto()));
  }
}

void Performance::Close(const End& end) {
  if (IsProcess(end.owner)) {
    DriverOf(end.owner).Do("close", {Quoted(end.name)});
  } else {
    Must(HostOf(end.owner).Socket(end.name).Close());
  }
}

void Performance::SendSome(const End& from, const End& to) {
  if (IsProcess(to.owner)) {
    DriverOf(to.owner).Do("wait_for_more",
                          {Quoted(to.name), absl::StrCat(kLowWater)});
  } else {
    Must(HostOf(to.owner).Socket(to.name).SetOption("SO_RCVLOWAT", kLowWater));
  }
  if (IsProcess(from.owner)) {
    DriverOf(from.owner).Do("send_some", {Quoted(from.name)});
  } else {
    Must(HostOf(from.owner).Socket(from.name).Send("some"));
  }
}

void Performance::Connect(size_t first) {
  const End& a = situation_.ends[first];
  const End& b = situation_.ends[first + 1];
  if (IsDatagram(b.medium)) {
    const Place at_b = Make(b, b.name, /*is_bound=*/true);
    if (b.link == Link::kAnyone) return;
    const Place at_a = Make(a, a.name, /*is_bound=*/true);
    ConnectTo(a, a.name, at_b);
    ConnectTo(b, b.name, at_a);
    if (b.link == Link::kClosed) Close(b);
    return;
  }
  const bool is_listener = b.IsListener();
  const std::string listener =
      is_listener ? b.name : absl::StrCat(b.name, "_listener");
  const char* const option = b.link == Link::kDeferred ? "TCP_DEFER_ACCEPT"
                             : b.is_shared_port        ? "SO_REUSEPORT"
                                                       : nullptr;
  const int value = b.link == Link::kDeferred ? 600 : 1;
  const Place place = Make(b, listener, /*is_bound=*/true, option, value);
  Listen(b, listener, b.link == Link::kFullQueue ? 0 : 16);
  if (b.is_shared_port) {
    const std::string other = absl::StrCat(b.name, "_other");
    Make(b, other, /*is_bound=*/true, option, value, place);
    Listen(b, other, 16);
  }
  if (b.link == Link::kAnyone) return;
  if (b.link == Link::kFullQueue) {
    const std::string filler = absl::StrCat(b.name, "_filler");
    Make(b, filler, /*is_bound=*/false);
    ConnectTo(b, filler, place);
    Make(a, a.name, /*is_bound=*/false);
    targets_.emplace(first, place);
    return;
  }
  Make(a, a.name, /*is_bound=*/false);
  ConnectTo(a, a.name, place);
  if (b.link != Link::kConnected) return;
  if (IsProcess(b.owner)) {
    DriverOf(b.owner).Do("accept", {Quoted(listener), Quoted(b.name)});
  } else {
    const Host& host = HostOf(b.owner);
    Must(host.Socket(listener).Accept(b.name));
    Must(host.Socket(listener).Close());
  }
  if (a.incoming == Flow::kSome) SendSome(b, a);
  if (b.incoming == Flow::kSome) SendSome(a, b);
}

void Performance::StartActor(size_t index) {
  const Party& party = situation_.parties[index];
  const Host& host = HostOf(party.owner);
  const RemoteActor actor = host.Actor(party.name);
  const auto start = [&](const auto& request) {
    operations_.emplace(index, Must(actor.Start(request)));
  };
  std::vector<std::string> names;
  for (const size_t end : party.ends) {
    names.push_back(situation_.ends[end].name);
  }
  switch (party.what) {
    case What::kReceive:
      return start(ReceiveOn(host.Socket(names[0])));
    case What::kReceiveAll:
      return start(ReceiveOn(host.Socket(names[0]), 10, /*all=*/true));
    case What::kReceiveForATime:
      Must(host.Socket(names[0]).SetTimeout(kSeconds));
      return start(ReceiveOn(host.Socket(names[0])));
    case What::kSend: {
      v1::SendRequest request = EndlessSendOn(host.Socket(names[0]));
      const Medium medium = situation_.ends[party.ends[0]].medium;
      if (IsDatagram(medium) || medium == Medium::kUnixSeqpacket) {
        // A program of as many messages as surely don't fit.
        request.set_length(1000);
        std::vector<v1::Action> program;
        for (int i = 0; i < 1000; ++i) {
          *program.emplace_back().mutable_send() = request;
        }
        const auto operations = Must(actor.Start(std::move(program)));
        senders_.emplace(index, operations);
        return;
      }
      return start(request);
    }
    case What::kAccept:
      return start(AcceptOn(host.Socket(names[0])));
    case What::kPoll:
    case What::kEpoll:
      return start(PollOf(names, std::nullopt));
    case What::kPollForATime:
      return start(PollOf(names, kSeconds));
    case What::kConnect: {
      const Place& place = targets_.at(party.ends[0]);
      return start(client::ConnectTo(host.Socket(names[0]), place.ToProto()));
    }
    default: {
      // It has been there, and its socket is nobody else's.
      v1::OpenRequest request;
      request.set_name(absl::StrCat(party.name, "_own"));
      Must(Must(actor.Start(request)).Wait(kPatience));
    }
  }
}

std::vector<std::string> Performance::CallArguments(const Party& party) const {
  std::vector<std::string> arguments = {Quoted(NameOf(party.what))};
  for (const size_t end : party.ends) {
    arguments.push_back(Quoted(situation_.ends[end].name));
  }
  if (party.what == What::kConnect) {
    const Place& place = targets_.at(party.ends[0]);
    arguments.push_back(place.ForPython());
  }
  return arguments;
}

void Performance::StartProcess(size_t owner) {
  const Owner& process = situation_.owners[owner];
  Driver& driver = DriverOf(owner);
  if (process.posted != kNobody) {
    driver.Do("post", {Quoted(situation_.ends[process.posted].name)});
  }
  if (process.has_alarm) driver.Do("alarm");
  if (process.has_timer) driver.Do("timer");
  if (process.has_ring) driver.Do("ring");
  for (size_t i = 0; i < situation_.owners.size(); ++i) {
    if (situation_.owners[i].parent != owner) continue;
    const size_t party = situation_.PartiesOf(i)[0];
    const pid_t pid =
        driver.DoForNumber("fork", CallArguments(situation_.parties[party]));
    children_.emplace(i, pid);
    threads_[party] = {pid, pid};
  }
  const std::vector<size_t> parties = situation_.PartiesOf(owner);
  for (size_t i = 1; i < parties.size(); ++i) {
    const Party& party = situation_.parties[parties[i]];
    std::vector<std::string> arguments = CallArguments(party);
    arguments.insert(arguments.begin(),
                     party.has_own_descriptors ? "True" : "False");
    threads_[parties[i]] = {driver.pid(),
                            driver.DoForNumber("thread", arguments)};
  }
  if (process.replaced != kNobody) {
    if (process.keeps_replaced) {
      driver.Do("keep", {Quoted(situation_.ends[process.replaced].name)});
    }
    AwaitBlocked(parties[1]);
    driver.Do("replace", {Quoted(situation_.ends[process.replaced].name),
                          Quoted(situation_.ends[process.replaced_by].name)});
  }
  const Party& party = situation_.parties[parties[0]];
  threads_[parties[0]] = {driver.pid(), driver.pid()};
  if (party.what != What::kRead) driver.Begin("call", CallArguments(party));
}

bool Performance::IsBlocked(size_t index) const {
  const Party& party = situation_.parties[index];
  if (IsProcess(party.owner)) {
    const Thread& thread = threads_.at(index);
    if (party.what == What::kEnd) {
      return StateOf(thread.pid, thread.id) == 'Z';
    }
    return SyscallsOf(party.what).contains(SleepsIn(thread.pid, thread.id));
  }
  if (!IsCall(party.what)) return true;
  if (const auto found = senders_.find(index); found != senders_.end()) {
    return std::any_of(
        found->second.begin(), found->second.end(), [](const auto& operation) {
          return Must(operation.Get()).state() == v1::OPERATION_STATE_BLOCKED;
        });
  }
  return Must(operations_.at(index).Get()).state() ==
         v1::OPERATION_STATE_BLOCKED;
}

void Performance::AwaitBlocked(size_t party) {
  if (Eventually([&] { return IsBlocked(party); })) return;
  std::cerr << situation_.parties[party].name << " is not blocked in\n"
            << situation_.ToString() << std::endl;
  std::abort();
}

void Performance::Hold() {
  for (const auto& [owner, driver] : drivers_) {
    switch (situation_.owners[owner].held) {
      case Held::kNot:
        break;
      case Held::kStopped:
        driver->Signal(SIGSTOP);
        for (const size_t party : situation_.PartiesOf(owner)) {
          const Thread& thread = threads_.at(party);
          Eventually([&] {
            const char state = StateOf(thread.pid, thread.id);
            return state == 'T' || state == 'Z';
          });
        }
        break;
      case Held::kFrozen:
        if (!freezer_.has_value()) {
          freezer_.emplace(Freezer::Find(false), false);
        }
        freezer_->Freeze(driver->pid());
        break;
    }
  }
}

bool Performance::IsAsMade() const {
  for (size_t i = 0; i < situation_.parties.size(); ++i) {
    // What is stopped or frozen does not sleep in its call.
    if (situation_.owners[situation_.parties[i].owner].held != Held::kNot) {
      continue;
    }
    if (!IsBlocked(i)) return false;
  }
  return true;
}

size_t Performance::PartyOf(const v1::Party& party) const {
  for (size_t i = 0; i < situation_.parties.size(); ++i) {
    const Party& known = situation_.parties[i];
    // An accepted Unix socket is of the network namespace of who connected, so
    // a process may be shown on either host, or on both.
    if (const auto found = threads_.find(i); found != threads_.end()) {
      if (found->second.id == party.thread_id()) return i;
      continue;
    }
    const Host& host = HostOf(known.owner);
    if (party.pid() == 0 && party.host() == host.name() &&
        party.actor() == known.name && party.session() == host.session()) {
      return i;
    }
  }
  return kNobody;
}

}  // namespace standoff::client

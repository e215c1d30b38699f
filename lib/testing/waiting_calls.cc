#include "lib/testing/waiting_calls.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <memory>
#include <utility>

#include "lib/poll.h"
#include "lib/socket.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

using Call = std::function<Outcome(Interruption*)>;

// Far more than the buffers of both ends hold.
constexpr uint64_t kMuch = uint64_t{1} << 40;

SocketPair PairIn(const SocketKind& kind, const Mode& mode) {
  SocketPair pair = ConnectedPair(kind);
  Must(pair.a.SetTimeout(mode.timeout));
  return pair;
}

// `function` with sockets that live as long as the call.
template <typename Sockets, typename Function>
Call With(Sockets sockets, Function function) {
  auto shared = std::make_shared<Sockets>(std::move(sockets));
  return [shared, function](Interruption* interruption) {
    return function(*shared, interruption);
  };
}

int64_t SyscallIn(const Mode& mode, int64_t blocking) {
  return mode.timeout.has_value() ? SYS_ppoll : blocking;
}

void AddReceives(const SocketKind& kind, const Mode& mode,
                 std::vector<WaitingCall>& calls) {
  const bool stream = kind.type == SOCK_STREAM;
  const int64_t syscall = SyscallIn(mode, stream ? SYS_recvfrom : SYS_recvmsg);
  calls.push_back(
      {"Receive" + mode.name + kind.name, syscall, [=] {
         return With(PairIn(kind, mode), [](SocketPair& pair, Interruption* i) {
           char byte;
           return Receive(pair.a, {&byte, 1}, {}, i).outcome;
         });
       }});
  if (!stream) return;
  calls.push_back(
      {"ReceiveAll" + mode.name + kind.name, syscall, [=] {
         return With(PairIn(kind, mode), [](SocketPair& pair, Interruption* i) {
           char bytes[10];
           return ReceiveAll(pair.a, bytes, {}, i).outcome;
         });
       }});
  calls.push_back(
      {"ReceivePattern" + mode.name + kind.name, syscall, [=] {
         return With(PairIn(kind, mode), [](SocketPair& pair, Interruption* i) {
           return ReceivePattern(pair.a, {}, kMuch, true, {}, i).outcome;
         });
       }});
}

void AddSends(const SocketKind& kind, const Mode& mode,
              std::vector<WaitingCall>& calls) {
  const int64_t syscall = SyscallIn(mode, SYS_sendto);
  calls.push_back(
      {"Send" + mode.name + kind.name, syscall, [=] {
         return With(PairIn(kind, mode), [](SocketPair& pair, Interruption* i) {
           const std::string piece(1000, 's');
           for (;;) {
             const Outcome outcome = Send(pair.a, piece, {}, i);
             if (!outcome.ok()) return outcome;
           }
         });
       }});
  if (kind.type != SOCK_STREAM) return;
  calls.push_back({"SendPattern" + mode.name + kind.name, syscall, [=] {
                     return With(PairIn(kind, mode),
                                 [](SocketPair& pair, Interruption* i) {
                                   return SendPattern(pair.a, {}, kMuch, {}, i);
                                 });
                   }});
}

void AddAccepts(const SocketKind& kind, const Mode& mode,
                std::vector<WaitingCall>& calls) {
  calls.push_back(
      {"Accept" + mode.name + kind.name, SyscallIn(mode, SYS_accept4), [=] {
         Socket listener = Listener(kind);
         Must(listener.SetTimeout(mode.timeout));
         return With(std::move(listener), [](Socket& socket, Interruption* i) {
           return socket.Accept(i).outcome;
         });
       }});
}

void AddConnects(const SocketKind& kind, const Mode& mode,
                 std::vector<WaitingCall>& calls) {
  calls.push_back(
      {"Connect" + mode.name + kind.name, SyscallIn(mode, SYS_connect), [=] {
         Socket client = OpenSocket(kind);
         Must(client.SetTimeout(mode.timeout));
         return With(std::pair(MakeBlackHole(kind), std::move(client)),
                     [](auto& both, Interruption* i) {
                       return both.second.Connect(both.first.address, i);
                     });
       }});
}

void AddCloses(const SocketKind& kind, const Mode& mode,
               std::vector<WaitingCall>& calls) {
  const auto prepare = [=] {
    SocketPair pair = PairIn(kind, mode);
    ShrinkBuffers(pair);
    SendUntilFull(pair.a);
    const linger value = {.l_onoff = 1, .l_linger = 600};
    setsockopt(pair.a.fd(), SOL_SOCKET, SO_LINGER, &value, sizeof value);
    return With(std::move(pair), [](SocketPair& sockets, Interruption* i) {
      return sockets.a.Close(i);
    });
  };
  calls.push_back({.name = "Close" + mode.name + kind.name,
                   .syscall = SYS_close,
                   .prepare = prepare,
                   .is_close = true});
}

void AddPolls(const Mode& mode, std::vector<WaitingCall>& calls) {
  calls.push_back(
      {"Poll" + mode.name, SYS_ppoll, [=] {
         return With(ConnectedPair(kTcp4), [=](auto& pair, Interruption* i) {
           PollItem items[] = {{.fd = pair.a.fd(), .events = POLLIN},
                               {.fd = pair.b.fd(), .events = POLLIN}};
           return Poll(items, mode.timeout, i);
         });
       }});
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const WaitingCall& call) {
  return stream << call.name;
}

std::vector<WaitingCall> WaitingCalls() {
  std::vector<WaitingCall> calls;
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    for (const SocketKind& kind : AllKinds()) AddReceives(kind, mode, calls);
    for (const SocketKind& kind :
         {kTcp4, kTcp6, kUnixStream, kUnixDatagram, kUnixSeqpacket}) {
      AddSends(kind, mode, calls);
    }
    for (const SocketKind& kind : ConnectionKinds()) {
      AddAccepts(kind, mode, calls);
    }
    for (const SocketKind& kind : {kTcp4, kTcp6}) {
      AddConnects(kind, mode, calls);
    }
    AddPolls(mode, calls);
  }
  // With a timeout, a full Unix listener is an error (EAGAIN).
  AddConnects(kUnixStream, kBlockingMode, calls);
  AddConnects(kUnixSeqpacket, kBlockingMode, calls);
  // Whatever the mode, a close lingers.
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    AddCloses(kTcp4, mode, calls);
    AddCloses(kTcp6, mode, calls);
  }
  return calls;
}

}  // namespace standoff

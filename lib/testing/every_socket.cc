#include "lib/testing/every_socket.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/address.h"
#include "lib/socket.h"

namespace standoff {
namespace {

void Add(const std::string& kind, Socket socket,
         std::vector<TestSocket>& sockets) {
  if (socket.is_open()) sockets.push_back({kind, std::move(socket)});
}

void AddStreams(const std::string& kind, int protocol, const Address& loopback,
                std::vector<TestSocket>& sockets) {
  const int family = loopback.family();
  Add(kind, Socket::Open(family, SOCK_STREAM, protocol).value, sockets);
  Socket listener = Socket::Open(family, SOCK_STREAM, protocol).value;
  if (!listener.Bind(loopback).ok() || !listener.Listen(1).ok()) return;
  Socket client = Socket::Open(family, SOCK_STREAM, protocol).value;
  if (!client.Connect(listener.LocalAddress().value).ok()) return;
  Add(absl::StrCat("accepted ", kind), listener.Accept().value.socket, sockets);
  Add(absl::StrCat("connected ", kind), std::move(client), sockets);
  Add(absl::StrCat("listening ", kind), std::move(listener), sockets);
}

void AddConnected(const std::string& kind, int type, int protocol,
                  const Address& peer, std::vector<TestSocket>& sockets) {
  Socket socket = Socket::Open(peer.family(), type, protocol).value;
  if (socket.Connect(peer).ok()) Add(kind, std::move(socket), sockets);
}

void AddPair(const std::string& kind, int type,
             std::vector<TestSocket>& sockets) {
  auto pair = Socket::OpenPair(AF_UNIX, type);
  Add(kind, std::move(pair.value.first), sockets);
  Add(absl::StrCat("other ", kind), std::move(pair.value.second), sockets);
}

void AddUnderRepair(std::vector<TestSocket>& sockets) {
  Socket socket = Socket::Open(AF_INET, SOCK_STREAM).value;
  const int on = TCP_REPAIR_ON;
  const int queue = TCP_SEND_QUEUE;
  if (setsockopt(socket.fd(), IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) == 0 &&
      setsockopt(socket.fd(), IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue,
                 sizeof(queue)) == 0) {
    Add("repaired tcp", std::move(socket), sockets);
  }
}

}  // namespace

std::vector<TestSocket> OpenTestSockets() {
  std::vector<TestSocket> sockets;
  for (const int family : {AF_INET, AF_INET6}) {
    const bool v4 = family == AF_INET;
    const std::string suffix = v4 ? "" : "6";
    const std::string host = v4 ? "127.0.0.1" : "::1";
    const int icmp = v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
    const auto kind = [&](const char* name) {
      return absl::StrCat(name, suffix);
    };
    const Address loopback = *Address::Ip(host, 0);
    const Address peer = *Address::Ip(host, 9);

    AddStreams(kind("tcp"), 0, loopback, sockets);
    AddStreams(kind("mptcp"), IPPROTO_MPTCP, loopback, sockets);
    Add(kind("udp"), Socket::Open(family, SOCK_DGRAM).value, sockets);
    AddConnected(kind("connected udp"), SOCK_DGRAM, 0, peer, sockets);
    Add(kind("udplite"),
        Socket::Open(family, SOCK_DGRAM, IPPROTO_UDPLITE).value, sockets);
    Add(kind("ping"), Socket::Open(family, SOCK_DGRAM, icmp).value, sockets);
    Add(kind("raw icmp"), Socket::Open(family, SOCK_RAW, icmp).value, sockets);
    Add(kind("raw ip"), Socket::Open(family, SOCK_RAW, IPPROTO_RAW).value,
        sockets);
  }
  AddUnderRepair(sockets);
  Add("unix", Socket::Open(AF_UNIX, SOCK_STREAM).value, sockets);
  AddPair("unix stream", SOCK_STREAM, sockets);
  AddPair("unix datagram", SOCK_DGRAM, sockets);
  AddPair("unix packet", SOCK_SEQPACKET, sockets);
  return sockets;
}

bool HasKind(const std::vector<TestSocket>& sockets, const std::string& text) {
  return std::any_of(sockets.begin(), sockets.end(),
                     [&](const TestSocket& socket) {
                       return absl::StrContains(socket.kind, text);
                     });
}

}  // namespace standoff

#include "tests/testing/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/testing/copy_both_ways.h"

namespace standoff::client {
namespace {

// What a system call returned, which must not be an error.
int Check(int result, const char* what) {
  if (result >= 0) return result;
  perror(what);
  std::abort();
}

sockaddr_in ParseAddress(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, ':');
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  int port = 0;
  if (inet_pton(AF_INET, parts.first.c_str(), &address.sin_addr) != 1 ||
      !absl::SimpleAtoi(parts.second, &port)) {
    std::abort();
  }
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

const sockaddr* Generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

struct Relay::Connection {
  explicit Connection(int a, int b)
      : client(a), daemon(b), thread([this] { Run(); }) {}
  ~Connection() {
    Break();
    thread.join();
    close(client);
    close(daemon);
  }

  // Ends the copying, whatever it waits for.
  void Break() const {
    shutdown(client, SHUT_RDWR);
    shutdown(daemon, SHUT_RDWR);
  }

  void Run() const {
    CopyBothWays(client, daemon);
    Break();
  }

  const int client;
  const int daemon;
  std::thread thread;
};

Relay::Relay(const std::string& daemon)
    : daemon_(daemon),
      listener_(
          Check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
  sockaddr_in address = ParseAddress("127.0.0.1:0");
  socklen_t size = sizeof(address);
  Check(bind(listener_, Generic(address), size), "bind");
  Check(listen(listener_, 16), "listen");
  Check(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size),
        "getsockname");
  address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  thread_ = std::thread([this] { Accept(); });
}

Relay::~Relay() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  // Ends the accept.
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  Cut();
  close(listener_);
}

int Relay::Cut() {
  std::vector<std::unique_ptr<Connection>> connections;
  {
    std::lock_guard lock(mutex_);
    connections.swap(connections_);
  }
  return static_cast<int>(connections.size());
}

void Relay::Accept() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::lock_guard lock(mutex_);
    if (stop_) {
      if (client >= 0) close(client);
      return;
    }
    if (client >= 0) Connect(client);
  }
}

void Relay::Connect(int client) {
  const int daemon =
      Check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const sockaddr_in address = ParseAddress(daemon_);
  if (connect(daemon, Generic(address), sizeof(address)) != 0) {
    close(client);
    close(daemon);
    return;
  }
  connections_.push_back(std::make_unique<Connection>(client, daemon));
}

}  // namespace standoff::client

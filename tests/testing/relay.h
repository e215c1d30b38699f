// A network between a client and a daemon that can be cut.

#ifndef STANDOFF_TESTS_TESTING_RELAY_H_
#define STANDOFF_TESTS_TESTING_RELAY_H_

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace standoff::client {

// Listens on a free port of the loopback and passes on what comes to a daemon,
// and what comes back. What can't be had ends the test program. Thread-safe.
class Relay {
 public:
  // `daemon` is HOST:PORT with an IPv4 literal.
  explicit Relay(const std::string& daemon);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  // Where it listens, as Host::Connect() takes it.
  const std::string& address() const { return address_; }

  // Breaks all connections, as they are. New ones can be made. Returns how many
  // there were.
  int Cut();

 private:
  // The two sockets of a connection, and the thread that copies between them.
  struct Connection;

  void Accept();
  void Connect(int client);

  const std::string daemon_;
  std::string address_;
  int listener_ = -1;
  std::mutex mutex_;
  // Guarded by `mutex_`.
  std::vector<std::unique_ptr<Connection>> connections_;
  bool stop_ = false;
  // Last: it uses the others.
  std::thread thread_;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_RELAY_H_

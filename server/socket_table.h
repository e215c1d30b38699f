// The sockets of a session, by name.

#ifndef STANDOFF_SERVER_SOCKET_TABLE_H_
#define STANDOFF_SERVER_SOCKET_TABLE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/socket.h"
#include "server/open_socket.h"
#include "server/quota.h"

namespace standoff {

// Thread-safe.
class SocketTable {
 public:
  // A name, taken for a socket that is about to be opened. It counts as a
  // socket; unless it is filled, it is given back in the end.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation();

    const std::string& name() const { return name_; }
    // The socket is open under the name; `maker` made it. A duplicate shares
    // another's mode.
    void Fill(Socket socket, SocketUse maker,
              std::shared_ptr<OpenSocket::Mode> mode =
                  std::make_shared<OpenSocket::Mode>());

   private:
    friend class SocketTable;
    Reservation(SocketTable* table, std::string name)
        : table_(table), name_(std::move(name)) {}

    SocketTable* table_ = nullptr;
    std::string name_;
  };

  // At most `limit` sockets, which count among those of the host, too.
  SocketTable(int64_t limit, Quota& host_sockets);
  SocketTable(const SocketTable&) = delete;
  SocketTable& operator=(const SocketTable&) = delete;

  // Takes `name`, or one of its own making (s1, s2, …) if that is empty.
  // InvalidArgument for a malformed name, AlreadyExists for one that is taken,
  // ResourceExhausted at the limit. `field` is the name's field in the
  // request, for errors.
  absl::StatusOr<Reservation> Reserve(const std::string& name,
                                      absl::string_view field);

  // NotFound if there is none of that name. `field` as above.
  absl::StatusOr<std::shared_ptr<OpenSocket>> Find(
      const std::string& name, absl::string_view field = "socket") const;

  // Takes it out: the name is free. False if it is not in the table any more.
  bool Take(const OpenSocket& socket);

  // In the order of opening.
  std::vector<std::shared_ptr<OpenSocket>> All() const;
  // Takes them all out.
  std::vector<std::shared_ptr<OpenSocket>> TakeAll();

  // Sockets that are open or about to be.
  int64_t size() const { return quota_.in_use(); }
  // The same of all sessions.
  int64_t host_size() const { return host_sockets_.in_use(); }

 private:
  struct Entry {
    // Null while the name is only reserved.
    std::shared_ptr<OpenSocket> socket;
    Quota::Charge charge;
  };

  std::string NextName();

  const Quota& host_sockets_;
  Quota quota_;
  mutable std::mutex mutex_;
  // By name. Guarded by `mutex_`, as is what follows.
  absl::flat_hash_map<std::string, Entry> sockets_;
  int64_t next_number_ = 1;
  int64_t next_sequence_ = 0;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SOCKET_TABLE_H_

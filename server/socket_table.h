// The sockets of a session, by name, and the calls in progress on them.

#ifndef STANDOFF_SERVER_SOCKET_TABLE_H_
#define STANDOFF_SERVER_SOCKET_TABLE_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "server/quota.h"

namespace standoff {

// Who makes a call on a socket, or makes the socket.
struct SocketUse {
  // 0 is nobody, or somebody who only looks.
  uint64_t operation_id = 0;
  // Its actor; null if it has none.
  std::shared_ptr<const std::string> actor;
};

// An open socket with a name. Calls on it are made between Enter() and
// Leave(), so that its descriptor is never closed under a call, where the
// number could be another file's by then. Thread-safe.
class OpenSocket {
 public:
  // What a socket and its duplicates share: their O_NONBLOCK flag.
  struct Mode {
    std::mutex mutex;
    // Whether there was ever a duplicate. Guarded by `mutex`.
    bool shared = false;
  };

  // `maker` counts as its first user.
  OpenSocket(std::string name, Socket socket, int64_t sequence,
             SocketUse maker = {},
             std::shared_ptr<Mode> mode = std::make_shared<Mode>());

  const std::string& name() const { return name_; }
  absl::Time open_time() const { return open_time_; }
  // The order of opening in the table.
  int64_t sequence() const { return sequence_; }
  Socket& socket() { return socket_; }

  // A call begins, which `interruption` ends. False if the socket is closing.
  bool Enter(Interruption* interruption, const SocketUse& use = {});
  // The call has ended.
  void Leave(Interruption* interruption);
  // Calls between Enter() and Leave().
  int calls() const;
  // Whose call began last; of calls in progress, that of the highest operation.
  SocketUse last_use() const;

  // Held by a call that relies on the descriptor's mode, so as not to sleep
  // on a thread that must not, and by one that changes the mode.
  std::unique_lock<std::mutex> HoldMode() {
    return std::unique_lock(mode_->mutex);
  }
  // For a duplicate. While the mode is held.
  std::shared_ptr<Mode> SharedMode() const {
    mode_->shared = true;
    return mode_;
  }
  // Whether a duplicate may have changed the flag. While the mode is held.
  bool SharesMode() const { return mode_->shared; }

  // No call can enter any more: it will be closed. False if somebody else has
  // begun to.
  bool BeginClose();
  // It will not be closed after all.
  void AbandonClose();
  // Ends the calls in progress, waits until they have left, and closes. Once,
  // and only for who began it and took the socket out of its table.
  Outcome Close(Interruption* interruption);

 private:
  struct CallInProgress {
    Interruption* interruption;
    uint64_t operation_id;
  };

  // With `mutex_` held.
  void SetLastUse(const SocketUse& use);

  const std::string name_;
  const int64_t sequence_;
  const absl::Time open_time_;
  Socket socket_;
  const std::shared_ptr<Mode> mode_;

  mutable std::mutex mutex_;
  std::condition_variable left_;
  // Guarded by `mutex_`.
  bool closing_ = false;
  std::vector<CallInProgress> calls_;
  // No call in progress is of a higher operation.
  SocketUse last_use_;
};

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

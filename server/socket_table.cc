#include "server/socket_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/convert/name.h"

namespace standoff {
namespace {

absl::Status NotOpen(const std::string& name, absl::string_view field) {
  if (name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": is missing; give a socket's name"));
  }
  return absl::NotFoundError(absl::StrCat(
      field, ": no socket '", absl::CHexEscape(name.substr(0, kMaxNameSize)),
      "' is open in this session"));
}

}  // namespace

SocketTable::Reservation::Reservation(Reservation&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)),
      name_(std::move(other.name_)) {}

SocketTable::Reservation& SocketTable::Reservation::operator=(
    Reservation&& other) noexcept {
  std::swap(table_, other.table_);
  std::swap(name_, other.name_);
  return *this;
}

SocketTable::Reservation::~Reservation() {
  if (table_ == nullptr) return;
  std::lock_guard lock(table_->mutex_);
  table_->sockets_.erase(name_);
}

void SocketTable::Reservation::Fill(Socket socket, SocketUse maker,
                                    std::shared_ptr<OpenSocket::Mode> mode) {
  SocketTable* const table = std::exchange(table_, nullptr);
  std::lock_guard lock(table->mutex_);
  table->sockets_[name_].socket = std::make_shared<OpenSocket>(
      name_, std::move(socket), table->next_sequence_++, std::move(maker),
      std::move(mode));
}

SocketTable::SocketTable(int64_t limit, Quota& host_sockets)
    : host_sockets_(host_sockets),
      quota_(limit, "too many sockets of this session are open",
             "max_session_sockets", &host_sockets) {}

std::string SocketTable::NextName() {
  std::string name;
  do {
    name = absl::StrCat("s", next_number_++);
  } while (sockets_.contains(name));
  return name;
}

absl::StatusOr<SocketTable::Reservation> SocketTable::Reserve(
    const std::string& name, absl::string_view field) {
  // Empty: one of its own making.
  if (!name.empty()) {
    if (absl::Status status = CheckName(name, field); !status.ok()) {
      return status;
    }
  }
  absl::StatusOr<Quota::Charge> charge = quota_.Take();
  if (!charge.ok()) return charge.status();
  std::lock_guard lock(mutex_);
  const std::string chosen = name.empty() ? NextName() : name;
  if (!sockets_
           .try_emplace(chosen,
                        Entry{.socket = nullptr, .charge = *std::move(charge)})
           .second) {
    return absl::AlreadyExistsError(
        absl::StrCat(field, ": a socket '", chosen,
                     "' is open in this session; close it first or choose "
                     "another name"));
  }
  return Reservation(this, chosen);
}

absl::StatusOr<std::shared_ptr<OpenSocket>> SocketTable::Find(
    const std::string& name, absl::string_view field) const {
  std::lock_guard lock(mutex_);
  const auto found = sockets_.find(name);
  if (found == sockets_.end() || found->second.socket == nullptr) {
    return NotOpen(name, field);
  }
  return found->second.socket;
}

bool SocketTable::Take(const OpenSocket& socket) {
  std::lock_guard lock(mutex_);
  const auto found = sockets_.find(socket.name());
  if (found == sockets_.end() || found->second.socket.get() != &socket)
    return false;
  sockets_.erase(found);
  return true;
}

std::vector<std::shared_ptr<OpenSocket>> SocketTable::All() const {
  std::vector<std::shared_ptr<OpenSocket>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : sockets_) {
      if (entry.socket != nullptr) all.push_back(entry.socket);
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a->sequence() < b->sequence();
  });
  return all;
}

std::vector<std::shared_ptr<OpenSocket>> SocketTable::TakeAll() {
  std::vector<std::shared_ptr<OpenSocket>> all = All();
  all.erase(
      std::remove_if(all.begin(), all.end(),
                     [this](const auto& socket) { return !Take(*socket); }),
      all.end());
  return all;
}

}  // namespace standoff

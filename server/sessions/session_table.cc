#include "server/sessions/session_table.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/convert/name.h"
#include "server/memory_reserve.h"

namespace standoff {
namespace {

// How often it looks at leases that are about to lapse at the most, and at all
// at the least.
constexpr absl::Duration kShortestPause = absl::Milliseconds(10);
constexpr absl::Duration kLongestPause = absl::Seconds(10);

absl::Status ShutDown() {
  return absl::UnavailableError("the daemon is shutting down");
}

absl::Status NoSession(absl::string_view name) {
  return absl::NotFoundError(absl::StrCat(
      "standoff-session: there is no session '",
      absl::CHexEscape(name.substr(0, kMaxNameSize)),
      "'; its lease may have lapsed. SessionService.Create makes one; leave "
      "the header out for the session 'default'"));
}

std::string MakeName() {
  std::random_device random;
  return absl::StrFormat("session-%08x%08x", random(), random());
}

}  // namespace

SessionTable::SessionTable(HostResources& host)
    : host_(host),
      quota_(host.limits.max_sessions, "there are too many sessions",
             "max_sessions") {
  Insert(std::make_shared<Session>(kDefaultSession, Session::Labels(),
                                   absl::ZeroDuration(), host),
         quota_.TakeBeyondLimit());
  reaper_ = std::thread([this] { Run(); });
}

SessionTable::~SessionTable() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  reaper_.join();
}

void SessionTable::Insert(std::shared_ptr<Session> session,
                          Quota::Charge charge) {
  std::string name = session->name();
  sessions_.insert_or_assign(std::move(name),
                             Entry{.session = std::move(session),
                                   .sequence = next_sequence_++,
                                   .charge = std::move(charge)});
}

absl::StatusOr<SessionUse> SessionTable::Create(std::string name,
                                                Session::Labels labels,
                                                absl::Duration lease) {
  if (absl::Status status = CheckMemory(); !status.ok()) return status;
  if (name.empty()) name = MakeName();
  if (absl::Status status = CheckName(name, "name"); !status.ok()) {
    return status;
  }
  absl::StatusOr<Quota::Charge> charge = quota_.Take();
  if (!charge.ok()) return charge.status();
  std::lock_guard lock(mutex_);
  if (shut_down_) return ShutDown();
  if (sessions_.contains(name)) {
    return absl::AlreadyExistsError(
        absl::StrCat("name: there is a session '", name,
                     "' already; delete it first or choose another name"));
  }
  auto session = std::make_shared<Session>(std::move(name), std::move(labels),
                                           lease, host_);
  SessionUse use(session);
  Insert(std::move(session), *std::move(charge));
  // Its lease may be the first to lapse.
  changed_.notify_one();
  return use;
}

absl::StatusOr<SessionUse> SessionTable::Use(absl::string_view name) {
  std::lock_guard lock(mutex_);
  if (shut_down_) return ShutDown();
  const auto found = sessions_.find(name);
  if (found == sessions_.end()) return NoSession(name);
  return SessionUse(found->second.session);
}

absl::StatusOr<std::shared_ptr<Session>> SessionTable::Take(
    absl::string_view name) {
  std::lock_guard lock(mutex_);
  if (shut_down_) return ShutDown();
  const auto found = sessions_.find(name);
  if (found == sessions_.end()) return NoSession(name);
  std::shared_ptr<Session> session = std::move(found->second.session);
  if (name == kDefaultSession) {
    found->second.session = std::make_shared<Session>(
        kDefaultSession, Session::Labels(), absl::ZeroDuration(), host_);
  } else {
    sessions_.erase(found);
  }
  return session;
}

std::vector<std::shared_ptr<Session>> SessionTable::All() const {
  std::vector<std::pair<uint64_t, std::shared_ptr<Session>>> numbered;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : sessions_) {
      numbered.emplace_back(entry.sequence, entry.session);
    }
  }
  std::sort(numbered.begin(), numbered.end());
  std::vector<std::shared_ptr<Session>> all;
  for (auto& [sequence, session] : numbered) all.push_back(std::move(session));
  return all;
}

bool SessionTable::is_shut_down() const {
  std::lock_guard lock(mutex_);
  return shut_down_;
}

void SessionTable::Shutdown() {
  {
    std::lock_guard lock(mutex_);
    shut_down_ = true;
  }
  for (const auto& session : All()) session->End(ShutDown());
}

absl::Duration SessionTable::UntilNextLapse() const {
  absl::Duration next = kLongestPause;
  for (const auto& [name, entry] : sessions_) {
    // One that does not run now can begin to at any time.
    next = std::min(next,
                    entry.session->lease().Left().value_or(
                        entry.session->lease().length() == absl::ZeroDuration()
                            ? kLongestPause
                            : entry.session->lease().length()));
  }
  return std::max(next, kShortestPause);
}

std::vector<SessionTable::Entry> SessionTable::TakeLapsed() {
  std::vector<Entry> lapsed;
  for (auto entry = sessions_.begin(); entry != sessions_.end();) {
    const auto left = entry->second.session->lease().Left();
    if (!left.has_value() || *left > absl::ZeroDuration()) {
      ++entry;
      continue;
    }
    lapsed.push_back(std::move(entry->second));
    sessions_.erase(entry++);
  }
  return lapsed;
}

void SessionTable::Run() {
  pthread_setname_np(pthread_self(), "session-reaper");
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_.wait_for(lock, absl::ToChronoNanoseconds(UntilNextLapse()));
    if (stop_ || shut_down_) continue;
    std::vector<Entry> lapsed = TakeLapsed();
    if (lapsed.empty()) continue;
    lock.unlock();
    for (const Entry& entry : lapsed) {
      const Session::Ended ended = entry.session->End(SessionHasEnded());
      spdlog::info(
          "the lease of session '{}' has lapsed: {} sockets closed, {} "
          "operations cancelled",
          entry.session->name(), ended.sockets, ended.operations);
    }
    // They are large: not with the lock.
    lapsed.clear();
    ReturnMemory();
    lock.lock();
  }
}

}  // namespace standoff

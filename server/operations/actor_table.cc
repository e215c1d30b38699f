#include "server/operations/actor_table.h"

#include <algorithm>
#include <utility>

namespace standoff {

ActorTable::ActorTable(int64_t limit, Quota& host_actors, Threads& threads,
                       Actor::Perform perform)
    : quota_(limit, "too many actors of this session are busy",
             "max_session_actors", &host_actors),
      threads_(threads),
      perform_(std::move(perform)) {}

absl::Status ActorTable::Enqueue(const std::string& name,
                                 const Actor::Operations& operations) {
  std::lock_guard lock(mutex_);
  if (stopped_) return absl::UnavailableError("the session is ending");
  if (!actors_.contains(name)) {
    if (absl::Status status = Make(name); !status.ok()) return status;
  }
  Entry& entry = actors_.at(name);
  by_use_.splice(by_use_.end(), by_use_, entry.use);
  entry.actor->Enqueue(operations);
  return absl::OkStatus();
}

absl::Status ActorTable::Make(const std::string& name) {
  absl::StatusOr<Quota::Charge> charge = quota_.Take();
  if (!charge.ok()) {
    if (!StopAnIdleOne()) return charge.status();
    charge = quota_.Take();
    if (!charge.ok()) return charge.status();
  }
  auto actor = std::make_shared<Actor>(name, perform_);
  absl::Status status = actor->Start(threads_);
  if (!status.ok()) return status;
  actors_.emplace(name, Entry{.actor = std::move(actor),
                              .charge = *std::move(charge),
                              .use = by_use_.insert(by_use_.end(), name)});
  return absl::OkStatus();
}

bool ActorTable::StopAnIdleOne() {
  for (auto name = by_use_.begin(); name != by_use_.end(); ++name) {
    const auto found = actors_.find(*name);
    if (!found->second.actor->StopIfIdle()) continue;
    actors_.erase(found);
    by_use_.erase(name);
    return true;
  }
  return false;
}

std::vector<std::shared_ptr<Actor>> ActorTable::Actors() const {
  std::vector<std::shared_ptr<Actor>> actors;
  for (const auto& [name, entry] : actors_) actors.push_back(entry.actor);
  return actors;
}

std::vector<std::shared_ptr<Actor>> ActorTable::All() const {
  std::vector<std::shared_ptr<Actor>> all;
  {
    std::lock_guard lock(mutex_);
    all = Actors();
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a->name() < b->name(); });
  return all;
}

void ActorTable::StopAll() {
  std::vector<std::shared_ptr<Actor>> all;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    all = Actors();
  }
  for (const auto& actor : all) actor->Stop();
  for (const auto& actor : all) actor->Join();
  std::lock_guard lock(mutex_);
  actors_.clear();
  by_use_.clear();
}

}  // namespace standoff

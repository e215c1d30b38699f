// Whether anything happened between two looks at the same hosts.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_STILLNESS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_STILLNESS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/diagnosis/networks.h"
#include "client/diagnosis/outlook.h"
#include "client/diagnosis/world.h"

namespace standoff::client {

// One look at all hosts: their world, and what could end its calls.
struct Survey {
  explicit Survey(Networks networks)
      : world(std::move(networks)), outlooks(FindOutlooks(world)) {}

  const World world;
  const std::vector<Outlook> outlooks;
};

// For each call of `later` the same call in `earlier`: an index in
// World::calls. nullopt unless it was blocked all the time: the same thread in
// the same system call since the same time, by its number of context switches
// or the daemon's clock.
std::vector<std::optional<size_t>> FindSame(const Survey& earlier,
                                            const Survey& later);

// What moved on the sockets of a call of `later`, or on their other ends: their
// queues, states, counters and last uses. One sentence; nullopt if nothing did.
std::optional<std::string> FindMovement(const Survey& earlier,
                                        const Survey& later, size_t call);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_STILLNESS_H_

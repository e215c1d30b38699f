// Whether anything happened between two looks at the same hosts.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_STILLNESS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_STILLNESS_H_

#include <cstddef>
#include <optional>
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
// World::calls. nullopt unless it was blocked all the time and nothing moved:
// the same thread in the same system call since the same time, and its sockets
// and their other ends with the same queues, states, counters and last uses.
std::vector<std::optional<size_t>> FindStill(const Survey& earlier,
                                             const Survey& later);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_STILLNESS_H_

// What a proof of a deadlock needs. docs/proof.md says why each is needed, and
// that no more is.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_PREMISES_H_
#define STANDOFF_CLIENT_DIAGNOSIS_PREMISES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/diagnosis/stillness.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// Two looks at the same hosts, and which calls are the same in both.
struct TwoLooks {
  // Null if there is only one.
  const Survey* earlier = nullptr;
  const Survey& later;
  // By call of the later look: see FindSame().
  std::vector<std::optional<size_t>> same = {};
  // By call of the later look: whether it can't go on by both looks together,
  // those included who could act at either of them.
  std::vector<bool> is_stuck = {};
};

// The premises that lack for a proof that these calls, by number in the later
// look, wait for each other for good: each once, in the order of v1::Premise,
// with what lacks. None: it is proved.
std::vector<v1::MissingPremise> FindMissingPremises(
    const TwoLooks& looks, const std::vector<size_t>& calls);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_PREMISES_H_

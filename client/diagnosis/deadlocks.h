// Deadlocks: calls that wait for each other and for nobody else.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_DEADLOCKS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_DEADLOCKS_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "client/diagnosis/stillness.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// A knot of the wait-for graph. All numbers are indices in World::calls.
struct Knot {
  std::vector<size_t> calls;
  // A cycle among them: each waits for the next, and the last for the first.
  std::vector<size_t> cycle;
  // What lacks for a proof; none if it is proved.
  std::vector<v1::MissingPremise> missing = {};
  bool is_proved() const { return missing.empty(); }
};

struct Deadlocks {
  std::vector<Knot> knots;
  // By call: the knot that it is in, or that it waits for and for nobody else.
  std::vector<std::optional<size_t>> knot_of;
  // By call: the blocked calls that it waits for, at most kMaxWaits of them.
  std::vector<std::vector<size_t>> waits_for;
};

// An accept that anybody could end waits for as many as there are calls.
inline constexpr size_t kMaxWaits = 64;

// From the later look, and from an earlier one if there is one; without it
// nothing is proved.
//
// A call waits for all who could act at the other ends of its sockets, and can
// go on when one of them can. It is deadlocked if none of them ever can: each
// is blocked, has no timeout, and waits, directly or through others, for
// deadlocked ones only. That holds for good once it holds at one moment. Of a
// moment between the looks it is known: calls that were blocked in both, since
// the same time and on sockets on which nothing moved, were blocked then, all
// of them at once; and whoever could act then shows in one of the looks, either
// by what he does or by a last use or a queue that has changed.
Deadlocks FindDeadlocks(const Survey* earlier, const Survey& later);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_DEADLOCKS_H_

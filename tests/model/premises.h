// The premises of a proof, one check for each, and what it assumes besides.

#ifndef STANDOFF_TESTS_MODEL_PREMISES_H_
#define STANDOFF_TESTS_MODEL_PREMISES_H_

#include <set>

#include "standoff/v1/diagnosis.pb.h"
#include "tests/model/configuration.h"
#include "tests/model/state.h"

namespace standoff::model {

// What a proof needs of the way in which the looks are taken, and of what
// happens meanwhile.
enum class Condition {
  // A process's table, and what acts for it, are read after its threads, which
  // are asleep by then.
  kTableAfterThreads,
  // A host's list of processes is read again after that, and shows no new ones.
  kListedAgain,
  // Of a process with several threads, another one may have made the number
  // mean
  // another socket since the call began: the call may be on each socket of its
  // host on which it would sleep.
  kSharedTable,
  // No descriptor is passed in a message while the first look is taken. No
  // kernel tells that: it is assumed.
  kNonePassed,
};

// What is needed for a proof; the tests leave one out at a time.
struct Needs {
  std::set<v1::Premise> premises;
  std::set<Condition> conditions;

  static Needs All();
  bool Has(v1::Premise premise) const { return premises.contains(premise); }
  bool Has(Condition condition) const { return conditions.contains(condition); }
};

// Whether all that is needed holds, as far as the looks have got, and may hold
// at their end.
bool CanHold(const Configuration& configuration, const Needs& needs,
             const State& state);

}  // namespace standoff::model

#endif  // STANDOFF_TESTS_MODEL_PREMISES_H_

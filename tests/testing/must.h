// What a test can't do without.

#ifndef STANDOFF_TESTS_TESTING_MUST_H_
#define STANDOFF_TESTS_TESTING_MUST_H_

#include <cstdlib>
#include <iostream>
#include <source_location>
#include <utility>

#include "absl/status/statusor.h"
#include "client/outcome.h"

namespace standoff::client {

// The value of a result that has to be there. Ends the test program, with the
// place, if it is not. In a reply, the outcome must be a success, too.
template <typename T>
T Must(absl::StatusOr<T> result,
       std::source_location place = std::source_location::current()) {
  const auto fail = [&place](const auto& reason) {
    std::cerr << place.file_name() << ":" << place.line() << ": " << reason
              << std::endl;
    std::abort();
  };
  if (!result.ok()) fail(result.status());
  if constexpr (requires { result->outcome(); }) {
    if (!Returned(result->outcome())) fail(Describe(result->outcome()));
  }
  return *std::move(result);
}

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_MUST_H_

// The configurations that are explored.

#ifndef STANDOFF_TESTS_MODEL_CONFIGURATIONS_H_
#define STANDOFF_TESTS_MODEL_CONFIGURATIONS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "tests/model/configuration.h"

namespace standoff::model {

// Each is about one way in which a proof could be false.
const std::vector<Configuration>& Configurations();

// The one with this name, which there is.
const Configuration& Named(absl::string_view name);

}  // namespace standoff::model

#endif  // STANDOFF_TESTS_MODEL_CONFIGURATIONS_H_

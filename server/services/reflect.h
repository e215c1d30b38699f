// What server reflection answers.

#ifndef STANDOFF_SERVER_SERVICES_REFLECT_H_
#define STANDOFF_SERVER_SERVICES_REFLECT_H_

#include <string>
#include <vector>

#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace standoff {

// Answers one request: from `services`, the full names of those that are
// served, and from the descriptions of all that is linked into the program.
// What is unknown is NOT_FOUND in the answer, an empty request
// INVALID_ARGUMENT.
grpc::reflection::v1alpha::ServerReflectionResponse Reflect(
    const std::vector<std::string>& services,
    const grpc::reflection::v1alpha::ServerReflectionRequest& request);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_REFLECT_H_

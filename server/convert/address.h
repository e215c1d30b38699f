// Addresses: standoff.v1 to lib and back.

#ifndef STANDOFF_SERVER_CONVERT_ADDRESS_H_
#define STANDOFF_SERVER_CONVERT_ADDRESS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/address.h"
#include "standoff/v1/address.pb.h"

namespace standoff {

// `field` is the message's path in the request, for errors. A message without
// an address is the unnamed Unix address.
absl::StatusOr<Address> AddressFromProto(const v1::Address& proto,
                                         absl::string_view field);

v1::Address AddressToProto(const Address& address);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_ADDRESS_H_

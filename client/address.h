// Socket addresses as people write them, to and from v1::Address.
//
//   127.0.0.1:80            IPv4
//   [::1]:80                IPv6
//   [fe80::1%eth0]:80       IPv6 with a zone: an interface's name or number
//   unix:/run/a.sock        a Unix path
//   unix-abstract:name      a Unix name in the abstract namespace
//   unix:                   the unnamed Unix address (in a bind: autobind)
//   raw:0200ffff            the bytes of a sockaddr, in hexadecimal
//
// In Unix names a backslash starts an escape as in C, so that every name can be
// written: "unix-abstract:a\000b". What FormatAddress() writes, ParseAddress()
// reads.

#ifndef STANDOFF_CLIENT_ADDRESS_H_
#define STANDOFF_CLIENT_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "standoff/v1/address.pb.h"

namespace standoff::client {

// Reads an address. InvalidArgument, with the text and what is wrong with it,
// if it is none of the forms above; host names are not looked up here but with
// Host::Resolve(). Names that are not UTF-8 go into the bytes fields of
// UnixAddress.
absl::StatusOr<v1::Address> ParseAddress(absl::string_view text);

// Writes an address in one of the forms above. Flow information of IPv6 is not
// shown. A host that is no literal is written as it is.
std::string FormatAddress(const v1::Address& address);

// An IPv4 or IPv6 address; `host` is a literal and is not checked.
v1::Address MakeIpAddress(absl::string_view host, uint16_t port);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_ADDRESS_H_

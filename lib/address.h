// Socket addresses: what bind(2), connect(2) and sendto(2) take.

#ifndef STANDOFF_LIB_ADDRESS_H_
#define STANDOFF_LIB_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace standoff {

// The longest Unix path or abstract name, in bytes: `sun_path` less a NUL.
inline constexpr size_t kMaxUnixNameSize = 107;

// A socket address of any family, or none at all (`empty()`): what a call
// leaves when the kernel gives no address. A value of 136 bytes.
class Address {
 public:
  Address() = default;

  // An IPv4 or IPv6 address. `host` is a literal ("192.0.2.1", "::1",
  // "fe80::1%eth0", with the zone an interface's name or number); names are
  // for Resolve(). InvalidArgument if it is not, or if the zone is neither the
  // name of an interface of this host nor a number; a number that no interface
  // has is for the kernel to refuse.
  static absl::StatusOr<Address> Ip(absl::string_view host, uint16_t port);

  // The same with IPv6's flow information and scope (ipv6(7)), in host byte
  // order. InvalidArgument for an IPv4 literal with either of them, for a
  // scope beside a zone, and for flow information over 20 bits.
  static absl::StatusOr<Address> Ip(absl::string_view host, uint16_t port,
                                    uint32_t flow_info, uint32_t scope_id);

  // A Unix path. InvalidArgument if it is empty, longer than kMaxUnixNameSize
  // or has a NUL in it.
  static absl::StatusOr<Address> UnixPath(absl::string_view path);

  // A name in the abstract namespace, without the leading NUL; NULs in it
  // count. InvalidArgument if it is longer than kMaxUnixNameSize.
  static absl::StatusOr<Address> UnixAbstract(absl::string_view name);

  // The unnamed Unix address: in a bind, it asks for autobind (unix(7)).
  static Address UnixUnnamed();

  // The bytes of a sockaddr of any family, at most sizeof(sockaddr_storage),
  // starting with the family. InvalidArgument if there are fewer than 2 or
  // too many.
  static absl::StatusOr<Address> FromBytes(absl::string_view bytes);

  bool empty() const { return size_ == 0; }
  // AF_INET, AF_INET6, AF_UNIX, …; AF_UNSPEC if empty.
  int family() const;

  // Of an IPv4 or IPv6 address: the literal, without a zone.
  std::string ip_host() const;
  // Of an IPv4 or IPv6 address, in host byte order.
  uint16_t port() const;
  // Of an IPv6 address, in host byte order; else 0.
  uint32_t flow_info() const;
  uint32_t scope_id() const;

  // Of a Unix address: whether it is abstract, and the path or name, empty if
  // it is unnamed.
  bool unix_abstract() const;
  std::string unix_name() const;

  // The sockaddr's bytes.
  absl::string_view bytes() const;

  // "127.0.0.1:80", "[fe80::1%2]:80", "unix:/path", "unix-abstract:name",
  // "unix:" (unnamed), "none".
  std::string ToString() const;

  // For system calls. After one that writes an address, set_size() takes the
  // size that the kernel returned; one larger than the buffer is capped.
  const sockaddr* data() const {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  sockaddr* mutable_data() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  void set_size(socklen_t size);
  static constexpr socklen_t kCapacity = sizeof(sockaddr_storage);

  friend bool operator==(const Address& a, const Address& b) {
    return a.bytes() == b.bytes();
  }

 private:
  sockaddr_storage storage_ = {};
  socklen_t size_ = 0;
};

std::ostream& operator<<(std::ostream& stream, const Address& address);

}  // namespace standoff

#endif  // STANDOFF_LIB_ADDRESS_H_

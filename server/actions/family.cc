#include "server/actions/family.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>

#include "server/convert/field_error.h"

namespace standoff {

absl::Status CheckFamily(int family) {
  constexpr int kRefused[] = {AF_KEY, AF_NETLINK, AF_RDS, AF_PPPOX,    AF_RXRPC,
                              AF_ALG, AF_KCM,     AF_XDP, AF_BLUETOOTH};
  if (std::find(std::begin(kRefused), std::end(kRefused), family) ==
      std::end(kRefused)) {
    return absl::OkStatus();
  }
  return FieldError("family", family,
                    " is refused: with such sockets a client could reach the "
                    "daemon's own descriptors or configure its host");
}

}  // namespace standoff

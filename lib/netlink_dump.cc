#include "lib/netlink_dump.h"

#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/outcome.h"

namespace standoff {
namespace {

constexpr int kAttempts = 5;
// What the kernel fills at most in one piece (netlink_recvmsg).
constexpr size_t kAnswerSize = 32 * 1024;

struct CloseSocket {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};

absl::Status ErrorFor(int error, const char* what) {
  switch (error) {
    case ENOENT:           // No module for what was asked.
    case EPROTONOSUPPORT:  // No such family.
    case EAFNOSUPPORT:     // No netlink at all.
      return absl::UnimplementedError(
          absl::StrCat("not in this kernel: ", what, ": ", ErrnoName(error)));
    default:
      return absl::ErrnoToStatus(error, what);
  }
}

int Visit(const nlmsghdr* message, void* visit) {
  (*static_cast<absl::FunctionRef<void(const nlmsghdr*)>*>(visit))(message);
  return MNL_CB_OK;
}

// Both NLMSG_DONE and NLMSG_ERROR begin with an error number: 0, or negative.
int End(const nlmsghdr* message, void*) {
  int error = 0;
  if (mnl_nlmsg_get_payload_len(message) >= sizeof error) {
    std::memcpy(&error, mnl_nlmsg_get_payload(message), sizeof error);
  }
  if (error >= 0) return MNL_CB_STOP;
  // The kernel's MAX_ERRNO (linux/err.h). Below it there are no error numbers.
  constexpr int kMaxErrno = 4095;
  errno = error >= -kMaxErrno ? -error : EPROTO;
  return MNL_CB_ERROR;
}

absl::Status Open(int bus, mnl_socket*& socket) {
  socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
  if (socket == nullptr) return ErrorFor(errno, "socket");
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0) {
    return ErrorFor(errno, "bind");
  }
  return absl::OkStatus();
}

absl::Status Send(mnl_socket* socket, uint16_t type, unsigned flags,
                  unsigned sequence,
                  absl::FunctionRef<void(nlmsghdr*)> request) {
  alignas(nlmsghdr) std::array<char, kMaxNetlinkRequest> buffer;
  nlmsghdr* const header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  request(header);
  if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0) {
    return ErrorFor(errno, "sendto");
  }
  return absl::OkStatus();
}

// Receives the answer, as far as its end. Aborted if a dump has to be repeated.
absl::Status Receive(mnl_socket* socket, unsigned sequence,
                     absl::FunctionRef<void(const nlmsghdr*)> visit,
                     bool is_dump) {
  std::array<mnl_cb_t, NLMSG_DONE + 1> on_control = {};
  on_control[NLMSG_ERROR] = End;
  on_control[NLMSG_DONE] = End;
  std::vector<char> answer(kAnswerSize);
  const unsigned port = mnl_socket_get_portid(socket);
  for (;;) {
    const ssize_t size =
        mnl_socket_recvfrom(socket, answer.data(), answer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return ErrorFor(errno, "recvfrom");
    const int result = mnl_cb_run2(
        answer.data(), static_cast<size_t>(size), sequence, port, Visit, &visit,
        on_control.data(), static_cast<unsigned>(on_control.size()));
    if (result == MNL_CB_STOP || (result == MNL_CB_OK && !is_dump)) {
      return absl::OkStatus();
    }
    // This is how libmnl tells NLM_F_DUMP_INTR.
    if (result < 0 && errno == EINTR) {
      return absl::AbortedError("what was dumped changed meanwhile");
    }
    if (result < 0 && errno == ENOENT && !is_dump) {
      return absl::NotFoundError("netlink: ENOENT");
    }
    if (result < 0) return ErrorFor(errno, "netlink");
  }
}

absl::Status TryDump(int bus, uint16_t type,
                     absl::FunctionRef<void(nlmsghdr*)> request,
                     absl::FunctionRef<void(const nlmsghdr*)> visit) {
  constexpr unsigned kSequence = 1;
  mnl_socket* opened = nullptr;
  absl::Status status = Open(bus, opened);
  const std::unique_ptr<mnl_socket, CloseSocket> socket(opened);
  if (status.ok()) {
    status = Send(opened, type, NLM_F_DUMP, kSequence, request);
  }
  if (!status.ok()) return status;
  return Receive(opened, kSequence, visit, /*is_dump=*/true);
}

}  // namespace

absl::Status DumpNetlink(int bus, uint16_t type,
                         absl::FunctionRef<void(nlmsghdr*)> request,
                         absl::FunctionRef<void(const nlmsghdr*)> visit) {
  absl::Status status;
  for (int i = 0; i < kAttempts; ++i) {
    status = TryDump(bus, type, request, visit);
    if (!absl::IsAborted(status)) break;
  }
  return status;
}

NetlinkQuery::NetlinkQuery(int bus) { status_ = Open(bus, socket_); }

NetlinkQuery::~NetlinkQuery() {
  if (socket_ != nullptr) mnl_socket_close(socket_);
}

absl::Status NetlinkQuery::Ask(uint16_t type,
                               absl::FunctionRef<void(nlmsghdr*)> request,
                               absl::FunctionRef<void(const nlmsghdr*)> visit) {
  if (!status_.ok()) return status_;
  ++sequence_;
  absl::Status status = Send(socket_, type, 0, sequence_, request);
  if (!status.ok()) return status;
  return Receive(socket_, sequence_, visit, /*is_dump=*/false);
}

void ForEachAttribute(
    const nlmsghdr* message, size_t size,
    absl::FunctionRef<void(uint16_t type, absl::string_view value)> visit) {
  const auto visit_one = [](const nlattr* attribute, void* data) {
    const absl::string_view value(
        static_cast<const char*>(mnl_attr_get_payload(attribute)),
        mnl_attr_get_payload_len(attribute));
    (*static_cast<decltype(visit)*>(data))(mnl_attr_get_type(attribute), value);
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, static_cast<unsigned>(size), visit_one, &visit);
}

}  // namespace standoff

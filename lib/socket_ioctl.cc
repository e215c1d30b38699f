#include "lib/socket_ioctl.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "lib/call.h"

namespace standoff {
namespace {

Result<int64_t> Ask(const Socket& socket, unsigned long request) {
  Call call;
  int answer = 0;
  const bool ok =
      call.Try("ioctl", [&] { return ioctl(socket.fd(), request, &answer); });
  return {call.Finish(), ok ? answer : 0};
}

}  // namespace

Result<int64_t> AskReceiveQueue(const Socket& socket) {
  return Ask(socket, SIOCINQ);
}

Result<int64_t> AskSendQueue(const Socket& socket) {
  return Ask(socket, SIOCOUTQ);
}

Result<bool> AskIsAtMark(const Socket& socket) {
  const Result<int64_t> answer = Ask(socket, SIOCATMARK);
  return {answer.outcome, answer.value != 0};
}

}  // namespace standoff

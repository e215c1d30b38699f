// Control messages: those of requests, and those that the kernel leaves
// (lib/control_message.h, server/convert/control_message.h).

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/control_message.h"
#include "lib/option_safety.h"
#include "server/convert/control_message.h"
#include "standoff/v1/payload.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

constexpr int kScmPidfd = 4;

// As recvmsg(2) leaves them, in a buffer of the very size.
std::vector<ControlMessage> Decode(std::string buffer, int flags) {
  msghdr header = {};
  std::vector<char> exact(buffer.begin(), buffer.end());
  header.msg_control = exact.data();
  header.msg_controllen = exact.size();
  header.msg_flags = flags;
  return DecodeControlMessages(header).messages;
}

// What is received can be told, in either form.
void CheckTold(const ControlMessage& message) {
  for (const v1::ControlMessage& proto :
       {ControlMessageToProto(message), RawControlMessageToProto(message)}) {
    v1::ControlMessage received;
    Check(received.ParseFromString(proto.SerializeAsString()),
          proto.ShortDebugString());
    Check(proto.level() == message.level && proto.type() == message.type);
    Check(proto.truncated() == message.truncated);
  }
  Check(RawControlMessageToProto(message).data() == message.data);
}

// What a request may send goes into the kernel's form and comes out of it.
void TryRequest(Input& input) {
  std::vector<ControlMessage> sent;
  while (!input.empty() && sent.size() < 8) {
    v1::ControlMessage proto;
    if (!proto.ParseFromString(input.Text())) continue;
    absl::StatusOr<ControlMessage> message =
        ControlMessageFromProto(proto, "control_messages[0]");
    if (!message.ok()) {
      CheckRefusal(message.status(), "control_messages[0]");
      continue;
    }
    const Safety safety =
        ControlMessageSafety(message->level, message->type).safety;
    Check(safety == Safety::kHarmless || safety == Safety::kUnknownToKernel ||
          (proto.has_rights() && message->data.empty()));
    sent.push_back(*std::move(message));
  }
  const std::vector<ControlMessage> received =
      Decode(EncodeControlMessages(sent), 0);
  Check(received.size() == sent.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    Check(received[i].level == sent[i].level);
    Check(received[i].type == sent[i].type);
    Check(received[i].data == sent[i].data);
    Check(!received[i].truncated);
    CheckTold(received[i]);
  }
}

// The kernel cuts the last message where the room ends, its length, too
// (put_cmsg).
void TryReceived(Input& input) {
  const size_t room = input.Number<uint8_t>();
  std::string buffer;
  bool is_cut = false;
  std::vector<ControlMessage> expected;
  while (!input.empty() && !is_cut) {
    ControlMessage message = {.level = input.Number<int32_t>(),
                              .type = input.Number<int32_t>(),
                              .data = input.Text()};
    // Descriptors are taken over: none of ours.
    const bool passes =
        message.level == SOL_SOCKET &&
        (message.type == SCM_RIGHTS || message.type == kScmPidfd);
    if (passes) message.data.assign(message.data.size(), '\xff');
    const size_t left = room - std::min(room, buffer.size());
    if (left < sizeof(cmsghdr)) break;
    std::string bytes = EncodeControlMessages({message});
    size_t length = CMSG_LEN(message.data.size());
    is_cut = length > left;
    length = std::min(length, left);
    std::memcpy(bytes.data(), &length, sizeof length);
    buffer += bytes;
    // And their numbers are not told.
    message.data.resize(passes ? 0 : length - CMSG_LEN(0));
    expected.push_back(std::move(message));
  }
  buffer.resize(std::min(buffer.size(), room));
  const std::vector<ControlMessage> received =
      Decode(buffer, is_cut ? MSG_CTRUNC : 0);
  Check(received.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    Check(received[i].level == expected[i].level);
    Check(received[i].type == expected[i].type);
    Check(received[i].data == expected[i].data);
    Check(is_cut || !received[i].truncated);
    CheckTold(received[i]);
  }
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Input input(data, size);
  if (input.Bool()) {
    standoff::TryReceived(input);
  } else {
    standoff::TryRequest(input);
  }
  return 0;
}

// Texts of proc(5), and what processes call themselves
// (server/processes/proc_files.h, proc_folder.h, text.h,
// lib/address_translation.h).

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/address_translation.h"
#include "server/convert/utf8.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"
#include "server/processes/text.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

void TryStatus(Input& input) {
  const std::string text = input.Rest();
  const StatusFile status = ParseStatus(text);
  Check(status.state == 0 || text.find("State:") != std::string::npos);
  Check(!status.has_memory || text.find("VmSize") != std::string::npos);
}

void TrySyscall(Input& input) {
  const std::string text = input.Rest();
  const SyscallFile call = ParseSyscall(text);
  // As the kernel writes it.
  std::string written = absl::StrCat(call.number);
  for (const uint64_t argument : call.arguments) {
    absl::StrAppend(&written, " 0x", absl::Hex(argument));
  }
  const SyscallFile again = ParseSyscall(absl::StrCat(written, " 0x0 0x0\n"));
  Check(again.number == call.number, written);
  Check(again.arguments == call.arguments, written);
}

void TryEpoll(Input& input) {
  const std::string text = input.Rest();
  const std::vector<EpollInterest> interests = ParseEpollInterests(text);
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  Check(interests.size() <= static_cast<size_t>(lines));
  for (const EpollInterest& interest : interests) {
    std::string written = absl::StrCat("tfd: ", interest.fd,
                                       " events: ", absl::Hex(interest.events),
                                       " data: 7  pos:0");
    if (interest.file.has_value()) {
      absl::StrAppend(&written, " ino:", absl::Hex(interest.file->inode),
                      " sdev:", absl::Hex(interest.file->device));
    }
    const std::vector<EpollInterest> again = ParseEpollInterests(written);
    Check(again.size() == 1, written);
    Check(again[0].fd == interest.fd && again[0].events == interest.events,
          written);
    Check(again[0].file.has_value() == interest.file.has_value(), written);
    if (!interest.file.has_value()) continue;
    Check(again[0].file->inode == interest.file->inode, written);
    Check(again[0].file->device == interest.file->device, written);
  }
}

void TryAuxiliaryVector(Input& input) { Is32Bit(input.Rest()); }

void TryLink(Input& input) {
  const std::optional<uint64_t> inode = SocketInode(input.Rest());
  if (!inode.has_value()) return;
  Check(SocketInode(absl::StrCat("socket:[", *inode, "]")) == inode);
}

void TryText(Input& input) {
  const size_t limit = input.Number<uint8_t>();
  const std::string text = PrintableText(input.Rest(), limit);
  Check(text.size() <= limit);
  Check(IsValidUtf8(text), text);
  Check(std::none_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<uint8_t>(c));
  }));
  Check(PrintableText(text, limit) == text, text);
}

void TryStat(Input& input) {
  const std::string text = input.Rest();
  const std::optional<StatFile> stat = ParseStat(text);
  Check(!stat.has_value() || text.find(')') != std::string::npos);
}

void TryUnixSocketInfo(Input& input) {
  const std::string text = input.Rest();
  const UnixSocketInfo info = ParseUnixSocketInfo(text);
  const UnixSocketInfo again = ParseUnixSocketInfo(absl::StrCat(
      "ino:\t", info.inode, "\nscm_fds: ", info.descriptors, "\n"));
  Check(again.inode == info.inode && again.descriptors == info.descriptors);
}

void TryCgroups(Input& input) {
  const std::string text = input.Rest();
  const CgroupFile groups = ParseCgroups(text);
  for (const auto& path : {groups.unified, groups.freezer}) {
    Check(!path.has_value() || text.find(*path) != std::string::npos);
  }
  for (const CgroupMount& mount : ParseCgroupMounts(text)) {
    Check(!mount.unified || text.find("cgroup2") != std::string::npos);
  }
}

void TryTrackedConnection(Input& input) {
  const std::optional<TrackedConnection> connection =
      ParseTrackedConnection(input.Rest());
  if (!connection.has_value()) return;
  // Addresses that are as the kernel has them.
  for (const auto& direction : {connection->original, connection->reply}) {
    Check(!direction.source.ip_host().empty());
    Check(!direction.destination.ip_host().empty());
  }
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Input input(data, size);
  constexpr void (*kTries[])(standoff::Input&) = {
      standoff::TryStatus,  standoff::TrySyscall,
      standoff::TryEpoll,   standoff::TryAuxiliaryVector,
      standoff::TryLink,    standoff::TryText,
      standoff::TryStat,    standoff::TryUnixSocketInfo,
      standoff::TryCgroups, standoff::TryTrackedConnection,
  };
  kTries[input.Choice(std::size(kTries))](input);
  return 0;
}

#include "server/processes/proc_files.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace standoff {
namespace {

using Fields = std::vector<absl::string_view>;

Fields Split(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// 0 if it is no number.
uint64_t Number(absl::string_view text) {
  uint64_t number = 0;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

uint64_t HexNumber(absl::string_view text) {
  uint64_t number = 0;
  return absl::SimpleHexAtoi(text, &number) ? number : 0;
}

// A path of mountinfo, in which spaces and the like are "\\040".
std::string Path(absl::string_view text) {
  std::string path;
  return absl::CUnescape(text, &path) ? path : std::string(text);
}

// Whether a list with commas has the word.
bool Lists(absl::string_view list, absl::string_view word) {
  const std::vector<absl::string_view> words = absl::StrSplit(list, ',');
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Of "name: value" and "name:value", which fdinfo mixes.
absl::string_view ValueOf(absl::string_view name, const Fields& fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    absl::string_view value = fields[i];
    if (!absl::ConsumePrefix(&value, name)) continue;
    if (value.empty() && i + 1 < fields.size()) return fields[i + 1];
    return value;
  }
  return {};
}

}  // namespace

StatusFile ParseStatus(absl::string_view text) {
  StatusFile status;
  // The name, which comes first, has no end of a line in it: the kernel writes
  // "\n" instead.
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> entry =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    const auto& [name, value] = entry;
    if (name == "State") {
      const absl::string_view state = absl::StripLeadingAsciiWhitespace(value);
      status.state = state.empty() ? '\0' : state[0];
    } else if (name == "Uid") {
      // Real, effective, saved and file system's.
      const Fields ids = Split(value);
      if (ids.size() < 2) continue;
      status.effective_user_id = static_cast<uint32_t>(Number(ids[1]));
    } else if (name == "voluntary_ctxt_switches" ||
               name == "nonvoluntary_ctxt_switches") {
      status.context_switches += Number(value);
    } else if (name == "VmSize") {
      status.has_memory = true;
    } else if (name == "TracerPid") {
      status.tracer =
          static_cast<int32_t>(Number(absl::StripAsciiWhitespace(value)));
    } else if (name == "SigCgt") {
      status.caught_signals = HexNumber(absl::StripAsciiWhitespace(value));
    }
  }
  return status;
}

std::optional<StatFile> ParseStat(absl::string_view text) {
  // The name, in parentheses, may have anything in it.
  const size_t name_end = text.rfind(')');
  if (name_end == absl::string_view::npos) return std::nullopt;
  const Fields fields =
      Split(absl::StripAsciiWhitespace(text.substr(name_end + 1)));
  // As proc(5) counts them, from 1; the state comes after the name.
  constexpr size_t kState = 3;
  constexpr size_t kParent = 4;
  constexpr size_t kFlags = 9;
  constexpr size_t kThreads = 20;
  constexpr size_t kStartTime = 22;
  if (fields.size() <= kStartTime - kState) return std::nullopt;
  const auto field = [&](size_t number) {
    return Number(fields[number - kState]);
  };
  // PF_KTHREAD (linux/sched.h).
  constexpr uint64_t kKernels = 0x0020'0000;
  StatFile stat;
  stat.state = fields[0][0];
  stat.parent = static_cast<int32_t>(field(kParent));
  stat.is_kernels = (field(kFlags) & kKernels) != 0;
  stat.threads = static_cast<int>(field(kThreads));
  stat.start_time = field(kStartTime);
  return stat;
}

SyscallFile ParseSyscall(absl::string_view text) {
  SyscallFile call;
  // "running", or a number, the arguments, the stack pointer and the program
  // counter. Without a system call the number is -1, and there are no
  // arguments.
  const Fields fields = Split(absl::StripTrailingAsciiWhitespace(text));
  if (fields.size() < 1 + call.arguments.size() ||
      !absl::SimpleAtoi(fields[0], &call.number)) {
    call.number = -1;
    return call;
  }
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    call.arguments[i] = HexNumber(fields[i + 1]);
  }
  return call;
}

std::vector<EpollInterest> ParseEpollInterests(absl::string_view text) {
  std::vector<EpollInterest> interests;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StartsWith(line, "tfd:")) continue;
    const Fields fields = Split(line);
    EpollInterest interest;
    if (!absl::SimpleAtoi(ValueOf("tfd:", fields), &interest.fd)) continue;
    interest.events =
        static_cast<uint32_t>(HexNumber(ValueOf("events:", fields)));
    const absl::string_view inode = ValueOf("ino:", fields);
    const absl::string_view device = ValueOf("sdev:", fields);
    if (!inode.empty() && !device.empty()) {
      interest.file = {.inode = HexNumber(inode), .device = HexNumber(device)};
    }
    interests.push_back(interest);
  }
  return interests;
}

UnixSocketInfo ParseUnixSocketInfo(absl::string_view text) {
  UnixSocketInfo info;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const Fields fields = Split(line);
    if (absl::StartsWith(line, "ino:")) {
      info.inode = Number(ValueOf("ino:", fields));
    } else if (absl::StartsWith(line, "scm_fds:")) {
      info.descriptors =
          static_cast<uint32_t>(Number(ValueOf("scm_fds:", fields)));
    }
  }
  return info;
}

CgroupFile ParseCgroups(absl::string_view text) {
  CgroupFile groups;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    // "0::/path" of version 2, "6:freezer:/path" of version 1.
    const std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() < 3) continue;
    if (fields[0] == "0" && fields[1].empty()) {
      groups.unified = std::string(fields[2]);
    } else if (Lists(fields[1], "freezer")) {
      groups.freezer = std::string(fields[2]);
    }
  }
  return groups;
}

std::vector<CgroupMount> ParseCgroupMounts(absl::string_view text) {
  std::vector<CgroupMount> mounts;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    // What is mounted, and how, before the hyphen; the file system behind it.
    const Fields fields = Split(line);
    const auto hyphen = std::find(fields.begin(), fields.end(), "-");
    if (hyphen - fields.begin() < 6 || fields.end() - hyphen < 4) continue;
    const bool unified = hyphen[1] == "cgroup2";
    if (!unified && !(hyphen[1] == "cgroup" && Lists(hyphen[3], "freezer"))) {
      continue;
    }
    mounts.push_back({.unified = unified,
                      .root = Path(fields[3]),
                      .folder = Path(fields[4])});
  }
  return mounts;
}

bool Is32Bit(absl::string_view auxiliary_vector) {
  // Pairs of a type and a value, each as large as the program's words. In the
  // wrong size no pair looks like this.
  Elf32_auxv_t entry;
  for (; auxiliary_vector.size() >= sizeof entry;
       auxiliary_vector.remove_prefix(sizeof entry)) {
    std::memcpy(&entry, auxiliary_vector.data(), sizeof entry);
    if (entry.a_type == AT_PHENT) {
      return entry.a_un.a_val == sizeof(Elf32_Phdr);
    }
  }
  return false;
}

}  // namespace standoff

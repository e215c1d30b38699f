#include "server/processes/proc_files.h"

#include <elf.h>

#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
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
    }
  }
  return status;
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

#include "server/processes/read_thread.h"

#include <poll.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/convert/bits.h"
#include "server/convert/time.h"
#include "server/processes/limits.h"
#include "server/processes/proc_files.h"
#include "server/processes/syscall_name.h"
#include "server/processes/text.h"
#include "server/processes/thread_waits.h"

namespace standoff {
namespace {

// More than these files have.
constexpr size_t kFileSize = 16 * 1024;

// What PollEvent has that can be asked for.
constexpr uint32_t kPollEvents = POLLIN | POLLPRI | POLLOUT | POLLRDNORM |
                                 POLLRDBAND | POLLWRNORM | POLLWRBAND |
                                 POLLRDHUP;

std::optional<StatusFile> ReadStatus(const ProcFolder& folder) {
  const std::optional<std::string> text = folder.Read("status", kFileSize);
  if (!text.has_value() || text->empty()) return std::nullopt;
  return ParseStatus(*text);
}

std::string ReadText(const ProcFolder& folder, const char* file) {
  return PrintableText(folder.Read(file, kMaxProcessName).value_or(""),
                       kMaxProcessName);
}

// What the thread sleeps in, if that can be told.
void ReadCall(const ProcFolder& folder, Abi abi, size_t max_waits,
              const StatusFile& status, v1::ProcessThread& thread) {
  thread.clear_syscall();
  thread.clear_waits();
  thread.clear_timeout();
  thread.clear_polls();
  // The first thread of a process, which has ended before the others.
  const bool has_ended = status.state == 'Z' || status.state == 'X';
  thread.set_waits_for_more(false);
  if (has_ended) return;
  const std::optional<std::string> text = folder.Read("syscall", kFileSize);
  if (!text.has_value() || abi == Abi::kForeign) {
    thread.set_waits_for_more(status.state != 'R');
    return;
  }
  const SyscallFile call = ParseSyscall(*text);
  // One that is stopped waits to be continued, whatever else it waits for.
  const bool stopped = status.state == 'T' || status.state == 't';
  thread.set_waits_for_more(stopped);
  if (call.number < 0) return;
  thread.set_syscall(SyscallName(call.number));
  const ThreadWaits waits = ReadWaits(folder, call, max_waits);
  thread.set_waits_for_more(stopped || waits.more);
  thread.set_polls(waits.polls);
  for (const auto& [inode, found] : waits.sockets) {
    v1::ThreadWait& wait = *thread.add_waits();
    wait.set_inode(inode);
    BitsToProto<v1::PollEvent>(static_cast<int>(found.events & kPollEvents),
                               wait.mutable_events());
    wait.set_length(found.length);
    BitsToProto<v1::MessageFlag>(found.flags, wait.mutable_flags());
    wait.set_edge_triggered(found.edge_triggered);
  }
  if (waits.timeout.has_value()) {
    DurationToProto(*waits.timeout, *thread.mutable_timeout());
  }
}

}  // namespace

std::optional<FoundThread> ReadThread(const ProcFolder& folder, pid_t id,
                                      Abi abi, size_t max_waits) {
  FoundThread found;
  v1::ProcessThread& thread = found.thread;
  thread.set_thread_id(id);
  thread.set_name(ReadText(folder, "comm"));
  // All of it is of one sleep if the thread did not wake up meanwhile.
  constexpr int kAttempts = 2;
  for (int i = 0; i < kAttempts; ++i) {
    const std::optional<StatusFile> before = ReadStatus(folder);
    if (!before.has_value()) return std::nullopt;
    thread.set_context_switches(before->context_switches);
    ReadCall(folder, abi, max_waits, *before, thread);
    const std::string channel = ReadText(folder, "wchan");
    thread.set_wait_channel(channel == "0" ? std::string() : channel);
    const std::optional<StatusFile> after = ReadStatus(folder);
    if (!after.has_value()) return std::nullopt;
    if (after->state != 0) thread.set_state(std::string(1, after->state));
    found.is_traced = after->tracer != 0;
    if (after->context_switches == before->context_switches &&
        after->state == before->state) {
      break;
    }
  }
  return found;
}

bool IsInFreezer(const v1::ProcessThread& thread) {
  const std::string& channel = thread.wait_channel();
  // Version 2's is a part of the handling of signals (do_freezer_trap), and the
  // compiler may have put it into what calls it.
  return (thread.state() == "S" &&
          (channel == "do_freezer_trap" || channel == "get_signal")) ||
         channel == "__refrigerator";
}

}  // namespace standoff

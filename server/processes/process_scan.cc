#include "server/processes/process_scan.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/processes/text.h"

namespace standoff {
namespace {

// More than these files have.
constexpr size_t kFileSize = 16 * 1024;
// Of a character that is cut.
constexpr size_t kCharacterSize = 4;

// PROC_PID_INIT_INO: the inode of the first PID namespace (linux/proc_ns.h).
constexpr uint64_t kFirstPidNamespace = 0xEFFF'FFFC;

bool IsForbidden(int error) { return error == EACCES || error == EPERM; }

bool HasEnded(char state) { return state == 'Z' || state == 'X'; }

// The number in "net:[4026531840]"; 0 if there is none.
uint64_t NamespaceInode(const std::optional<std::string>& link) {
  absl::string_view number = link.has_value() ? *link : absl::string_view();
  uint64_t inode = 0;
  number.remove_prefix(std::min(number.size(), number.find('[') + 1));
  absl::ConsumeSuffix(&number, "]");
  return absl::SimpleAtoi(number, &inode) ? inode : 0;
}

uint64_t NetworkNamespaceOf(const ProcFolder& process) {
  return NamespaceInode(process.ReadLink("ns/net"));
}

// Whether processes may be where /proc does not show them.
bool MayHideProcesses(const ProcFolder& proc, const std::string& self) {
  // Without them, /proc is of another PID namespace, or mounted with hidepid.
  const ProcFolder first(proc, "1");
  return self != absl::StrCat(getpid()) || !first.is_open() ||
         NamespaceInode(proc.ReadLink("self/ns/pid")) != kFirstPidNamespace;
}

// The folder of a thread that has not ended.
std::optional<ProcFolder> LivingThread(const ProcFolder& process) {
  const ProcFolder threads(process, "task");
  std::optional<ProcFolder> living;
  threads.ForEachNumber([&](const char* name) {
    ProcFolder thread(threads, name);
    const std::optional<std::string> status = thread.Read("status", kFileSize);
    if (!status.has_value() || HasEnded(ParseStatus(*status).state)) {
      return true;
    }
    living.emplace(std::move(thread));
    return false;
  });
  return living;
}

}  // namespace

ProcessScan::ProcessScan()
    : proc_("/proc"),
      self_(proc_.ReadLink("self").value_or("")),
      async_sources_(proc_),
      may_hide_(MayHideProcesses(proc_, self_)) {}

void ProcessScan::Run() {
  is_incomplete_ = true;
  for (int pass = 0; is_incomplete_ && pass < kMaxPasses; ++pass) {
    is_incomplete_ = false;
    proc_.ForEachNumber([this](const char* name) {
      if (Visit(name)) is_incomplete_ = true;
      return true;
    });
  }
  for (FoundProcess& found : processes_) {
    if (found.may_hear_of_children && parents_.contains(found.process.pid())) {
      AddAsyncSource(v1::ASYNC_SOURCE_CHILD_HANDLER, found.process);
    }
  }
}

bool ProcessScan::Visit(const char* name) {
  pid_t pid = 0;
  if (!absl::SimpleAtoi(name, &pid)) return false;
  if (const auto known = start_times_.find(pid); known != start_times_.end()) {
    const std::optional<StatFile> stat =
        ParseStat(proc_.Read(absl::StrCat(name, "/stat").c_str(), kFileSize)
                      .value_or(""));
    if (!stat.has_value() || stat->start_time == known->second) return false;
  }
  const ProcFolder folder(proc_, name);
  if (!folder.is_open()) {
    if (!IsForbidden(errno)) return false;
    // hidepid=1: they are listed, and that is all.
    may_hide_ = true;
    struct stat status = {};
    if (stat(absl::StrCat("/proc/", name).c_str(), &status) != 0) return false;
    CountUnreadable(pid, status.st_uid);
    start_times_[pid] = 0;
    return true;
  }
  const std::optional<StatFile> stat =
      ParseStat(folder.Read("stat", kFileSize).value_or(""));
  if (!stat.has_value()) return false;
  start_times_[pid] = stat->start_time;
  if (stat->is_kernels || (HasEnded(stat->state) && stat->threads <= 1)) {
    return false;
  }
  parents_.insert(stat->parent);
  Add(folder, pid, *stat);
  return true;
}

void ProcessScan::Add(const ProcFolder& folder, pid_t pid,
                      const StatFile& stat) {
  Descriptors descriptors;
  const bool is_readable =
      ReadDescriptors(folder, pid, stat.threads, descriptors);
  for (const SocketDescriptor& descriptor : descriptors.sockets) {
    holders_.try_emplace(descriptor.inode,
                         Holder{.process = pid, .descriptor = descriptor});
  }
  if (absl::StrCat(pid) == self_) return;
  if (is_readable && descriptors.sockets.empty()) return;
  // The first thread of a process may end before the others.
  const std::optional<ProcFolder> thread =
      HasEnded(stat.state) ? LivingThread(folder) : std::nullopt;
  const ProcFolder& living = thread.has_value() ? *thread : folder;
  const std::optional<std::string> text = living.Read("status", kFileSize);
  // It may have ended.
  if (!text.has_value()) return;
  const StatusFile status = ParseStatus(*text);
  if (!is_readable || processes_.size() == kMaxProcesses ||
      socket_references_ + descriptors.sockets.size() > kMaxSocketReferences) {
    CountUnreadable(pid, status.effective_user_id);
    return;
  }
  FoundProcess found;
  v1::Process& process = found.process;
  process.set_pid(pid);
  process.set_parent_pid(stat.parent);
  process.set_user_id(status.effective_user_id);
  process.set_name(PrintableText(
      folder.Read("comm", kMaxProcessName).value_or(""), kMaxProcessName));
  process.set_command_line(PrintableText(
      living.Read("cmdline", kMaxCommandLine + kCharacterSize).value_or(""),
      kMaxCommandLine));
  for (const SocketDescriptor& descriptor : descriptors.sockets) {
    process.add_sockets(descriptor.inode);
  }
  const Abi abi = Is32Bit(living.Read("auxv", kFileSize).value_or(""))
                      ? Abi::kForeign
                      : Abi::kNative;
  process.set_frozen(cgroups_.IsFrozen(living));
  found.network_namespace = NetworkNamespaceOf(living);
  AddThreads(folder, abi, found);
  const bool waits = std::any_of(
      process.threads().begin(), process.threads().end(),
      [](const v1::ProcessThread& one) { return one.waits_size() > 0; });
  if (waits) {
    if (descriptors.has_io_uring) {
      AddAsyncSource(v1::ASYNC_SOURCE_IO_URING, process);
    }
    async_sources_.Add(folder, living, status, process);
    found.may_hear_of_children = status.Catches(SIGCHLD);
  } else {
    process.clear_async_sources();
  }
  socket_references_ += descriptors.sockets.size();
  found.descriptors = std::move(descriptors.sockets);
  processes_.push_back(std::move(found));
}

void ProcessScan::AddThreads(const ProcFolder& folder, Abi abi,
                             FoundProcess& found) {
  v1::Process& process = found.process;
  const ProcFolder tasks(folder, "task");
  tasks.ForEachNumber([&](const char* name) {
    if (static_cast<size_t>(process.threads_size()) == kMaxProcessThreads ||
        threads_left_ == 0) {
      process.set_threads_left_out(process.threads_left_out() + 1);
      return true;
    }
    int32_t id = 0;
    const ProcFolder task(tasks, name);
    if (!absl::SimpleAtoi(name, &id) || !task.is_open()) return true;
    std::optional<FoundThread> thread =
        ReadThread(task, id, abi, std::min(kMaxThreadWaits, waits_left_));
    if (!thread.has_value()) return true;
    --threads_left_;
    waits_left_ -= std::min<size_t>(
        waits_left_, static_cast<size_t>(thread->thread.waits_size()));
    if (thread->is_traced) AddAsyncSource(v1::ASYNC_SOURCE_TRACER, process);
    if (IsInFreezer(thread->thread)) process.set_frozen(true);
    *process.add_threads() = std::move(thread->thread);
    return true;
  });
}

void ProcessScan::CountUnreadable(pid_t pid, uint32_t user) {
  ++unreadable_;
  if (pid == 1) init_unreadable_ = true;
  unreadable_users_.insert(user);
}

uint64_t OwnNetworkNamespace() {
  return NetworkNamespaceOf(ProcFolder("/proc/self"));
}

}  // namespace standoff

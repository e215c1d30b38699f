#include "client/lab/network_namespace.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/lab/find_program.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

constexpr char kHolder[] =
    R"sh("$0" link set lo up && echo ready && exec cat)sh";

}  // namespace

absl::StatusOr<NetworkNamespace> NetworkNamespace::Create() {
  absl::StatusOr<std::string> ip = FindProgram("ip");
  if (!ip.ok()) return ip.status();
  absl::StatusOr<Process> holder = Process::Start(
      {.command = {"unshare", "--net", "--", "/bin/sh", "-c", kHolder, *ip},
       .standard_input = Stream::kPipe,
       .standard_output = Stream::kPipe});
  if (!holder.ok()) return holder.status();
  absl::StatusOr<std::string> line = holder->ReadLine(kPatience);
  if (!line.ok()) {
    return absl::PermissionDeniedError(
        absl::StrCat("can't make a network namespace: ",
                     absl::StripTrailingAsciiWhitespace(holder->Errors()), " (",
                     line.status().message(), ")"));
  }
  return NetworkNamespace(*std::move(holder));
}

std::vector<std::string> NetworkNamespace::Wrap(
    const std::vector<std::string>& command) const {
  std::vector<std::string> wrapped = {
      "nsenter", absl::StrCat("--net=/proc/", pid(), "/ns/net"), "--"};
  wrapped.insert(wrapped.end(), command.begin(), command.end());
  return wrapped;
}

}  // namespace standoff::client

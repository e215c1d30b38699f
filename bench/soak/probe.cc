#include "bench/soak/probe.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>

#include "absl/time/clock.h"
#include "client/host.h"
#include "tests/testing/must.h"

namespace standoff::bench {
namespace {

constexpr absl::Duration kDeadline = absl::Minutes(1);
constexpr absl::Duration kPause = absl::Milliseconds(5);

// Health/Check of the whole server, whose request is empty. This project has no
// stub of that service.
bool CheckHealth(grpc::GenericStub& stub) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kDeadline));
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                            grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok && status.ok();
}

}  // namespace

Probe::Probe(const std::string& address)
    : thread_([this, address] { Run(address); }) {}

Probe::~Probe() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  thread_.join();
}

Answers Probe::answers() const {
  std::lock_guard lock(mutex_);
  return answers_;
}

void Probe::Time(const std::string& method, const std::function<bool()>& call) {
  const auto before = std::chrono::steady_clock::now();
  const bool answered = call();
  const absl::Duration taken =
      absl::FromChrono(std::chrono::steady_clock::now() - before);
  std::lock_guard lock(mutex_);
  ++answers_.count;
  if (!answered) ++answers_.failed;
  if (taken > answers_.longest) {
    answers_.longest = taken;
    answers_.longest_method = method;
  }
}

void Probe::Run(const std::string& address) {
  const client::Host host = client::Must(client::Host::Connect(address));
  grpc::GenericStub health(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  const client::CallOptions options = {.deadline = kDeadline};
  for (;;) {
    Time("Health/Check", [&] { return CheckHealth(health); });
    Time("SocketService/List", [&] { return host.List(options).ok(); });
    Time("SessionService/List",
         [&] { return host.ListSessions(options).ok(); });
    absl::SleepFor(kPause);
    std::lock_guard lock(mutex_);
    if (stop_) return;
  }
}

}  // namespace standoff::bench

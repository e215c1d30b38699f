// Whole requests, decoded from bytes, against a daemon in this process, in a
// network of its own. An input is a row of requests to one session: a byte that
// chooses the method, two for the length of the message, the message. Those
// that follow each other to the same stream go into one call.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "server/daemon.h"
#include "standoff/v1/diagnosis_service.pb.h"
#include "standoff/v1/host_service.pb.h"
#include "standoff/v1/operation_service.pb.h"
#include "standoff/v1/session_service.pb.h"
#include "standoff/v1/socket_service.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/network_namespace.h"
#include "tests/fuzz/raw_client.h"
#include "tests/fuzz/shut_in.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using std::chrono::milliseconds;

// Seeds choose them by their place: new ones go to the end.
constexpr const char* kMethods[] = {
    "SocketService.Open",
    "SocketService.OpenPair",
    "SocketService.Duplicate",
    "SocketService.Bind",
    "SocketService.Listen",
    "SocketService.Connect",
    "SocketService.Accept",
    "SocketService.Send",
    "SocketService.Receive",
    "SocketService.Shutdown",
    "SocketService.Close",
    "SocketService.SetBlocking",
    "SocketService.SetTimeout",
    "SocketService.SetOption",
    "SocketService.GetOption",
    "SocketService.Describe",
    "SocketService.List",
    "SocketService.Poll",
    "SocketService.Resolve",
    "OperationService.Start",
    "OperationService.Wait",
    "OperationService.Cancel",
    "OperationService.Get",
    "OperationService.List",
    "OperationService.Watch",
    "OperationService.Execute",
    "SessionService.Create",
    "SessionService.KeepAlive",
    "SessionService.Delete",
    "SessionService.List",
    "HostService.GetInfo",
    "HostService.GetClock",
    "HostService.Snapshot",
    "DiagnosisService.Diagnose",
    "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo",
    "SocketService.GetLocalAddress",
    "SocketService.GetPeerAddress",
    "SocketService.GetReceiveQueue",
    "SocketService.GetSendQueue",
    "SocketService.IsAtMark",
    "SocketService.SendBatch",
    "SocketService.ReceiveBatch",
};

// Under ThreadSanitizer a map field is larger here than in Debian's Protocol
// Buffers, which read it to say why a message can't be parsed.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMapsCantBeRead = true;
#else
constexpr bool kMapsCantBeRead = false;
#endif

constexpr int kMaxRequests = 8;
constexpr char kSession[] = "fuzz";
// The methods that may wait, for as long as they are let.
constexpr const char* kWaiting[] = {
    "Accept",
    "Close",
    "Connect",
    "Execute",
    "Poll",
    "Receive",
    "ReceiveBatch",
    "Resolve",
    "Send",
    "SendBatch",
    "ServerReflectionInfo",
    "Wait",
    "Watch",
};
constexpr milliseconds kRequestPatience{50};
// What does not wait may take so long on a busy machine.
constexpr milliseconds kPatience{20'000};

bool MayWait(const MethodDescriptor& method) {
  return std::find(std::begin(kWaiting), std::end(kWaiting), method.name()) !=
         std::end(kWaiting);
}
constexpr size_t kStreamedReplies = 4;

// All that a client can make the daemon hold is little.
Limits SmallLimits() {
  return {.max_sockets = 64,
          .max_waiting_calls = 32,
          .max_actors = 8,
          .max_operations = 64,
          .max_history_bytes = 1 << 20,
          .max_history_operations = 100,
          .max_events = 1000,
          .max_sessions = 8,
          .max_transfer = 1 << 16,
          .max_pattern_memory = 1 << 20};
}

const MethodDescriptor& MethodAt(size_t index) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const MethodDescriptor* method =
      pool.FindMethodByName(absl::StrCat("standoff.v1.", kMethods[index]));
  if (method == nullptr) method = pool.FindMethodByName(kMethods[index]);
  Check(method != nullptr, kMethods[index]);
  return *method;
}

std::unique_ptr<Message> New(const Descriptor& type) {
  return std::unique_ptr<Message>(
      MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

// No method was forgotten.
void CheckMethods() {
  size_t methods = 0;
  for (const Descriptor* type :
       {v1::OpenRequest::descriptor(), v1::StartRequest::descriptor(),
        v1::CreateRequest::descriptor(), v1::GetInfoRequest::descriptor(),
        v1::DiagnoseRequest::descriptor(),
        grpc::reflection::v1alpha::ServerReflectionRequest::descriptor()}) {
    for (int i = 0; i < type->file()->service_count(); ++i) {
      methods += static_cast<size_t>(type->file()->service(i)->method_count());
    }
  }
  Check(methods == std::size(kMethods), "kMethods has all methods");
}

// "FIELD: …", with the path of a field that the request has.
bool NamesField(absl::string_view message, const Descriptor& type) {
  const auto end = std::find_if_not(message.begin(), message.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
  const std::string name(message.begin(), end);
  const bool is_path =
      end != message.end() && (*end == ':' || *end == '.' || *end == '[');
  return is_path && (type.FindFieldByName(name) != nullptr ||
                     type.FindOneofByName(name) != nullptr);
}

// A daemon and a channel to it.
class Service {
 public:
  explicit Service(std::unique_ptr<Daemon> daemon)
      : daemon_(std::move(daemon)),
        client_(std::make_unique<RawClient>(daemon_->addresses().front())) {}

  ~Service() {
    client_.reset();
    daemon_->Shutdown();
  }

  void Try(Input input) {
    v1::CreateRequest create;
    create.set_name(kSession);
    Must<v1::CreateResponse>("SessionService/Create", create);
    std::vector<Request> requests;
    for (int i = 0; i < kMaxRequests && !input.empty(); ++i) {
      const MethodDescriptor& method =
          MethodAt(input.Choice(std::size(kMethods)));
      const bool goes_on = method.client_streaming() && !requests.empty() &&
                           requests.back().method == &method;
      if (!goes_on) requests.push_back({.method = &method, .messages = {}});
      requests.back().messages.push_back(input.Text());
    }
    for (Request& request : requests) Make(request);
    EndSessions();
    AwaitNothing();
  }

 private:
  struct Request {
    const MethodDescriptor* method = nullptr;
    // One, but for a stream.
    std::vector<std::string> messages;
  };

  void Make(Request& request) {
    const MethodDescriptor& method = *request.method;
    bool is_request = true;
    std::string shown;
    for (std::string& bytes : request.messages) {
      const std::unique_ptr<Message> message = New(*method.input_type());
      const bool is_message = message->ParseFromString(bytes);
      if (is_message && ShutIn(*message)) bytes = message->SerializeAsString();
      is_request &= is_message;
      absl::StrAppend(&shown, " {", message->ShortDebugString(), "}");
    }
    if (kMapsCantBeRead && !is_request && method.name() == "Create") return;
    const bool streams = method.server_streaming();
    const RawClient::Reply reply = client_->Call(
        absl::StrCat("/", method.service()->full_name(), "/", method.name()),
        kSession, request.messages,
        MayWait(method) ? kRequestPatience : kPatience,
        streams ? kStreamedReplies : 1);
    const std::string what =
        absl::StrCat(method.full_name(), shown, ": ",
                     static_cast<int>(reply.status.error_code()), " ",
                     reply.status.error_message());
    for (const std::string& message : reply.messages) {
      Check(New(*method.output_type())->ParseFromString(message), what);
    }
    if (!is_request) {
      Check(!reply.status.ok(), what);
      return;
    }
    switch (reply.status.error_code()) {
      case grpc::StatusCode::OK:
        Check(streams || reply.messages.size() == 1, what);
        break;
      case grpc::StatusCode::INVALID_ARGUMENT:
        Check(NamesField(reply.status.error_message(), *method.input_type()),
              what);
        break;
      case grpc::StatusCode::DEADLINE_EXCEEDED:
        Check(MayWait(method), what);
        break;
      case grpc::StatusCode::UNKNOWN:
      case grpc::StatusCode::INTERNAL:
      case grpc::StatusCode::DATA_LOSS:
      case grpc::StatusCode::UNAVAILABLE:
        Check(false, what);
        break;
      default:
        Check(!reply.status.error_message().empty(), what);
    }
  }

  // A call that has to succeed.
  template <typename Response>
  Response Must(const char* method, const Message& request) {
    const RawClient::Reply reply =
        client_->Call(absl::StrCat("/standoff.v1.", method), "default",
                      {request.SerializeAsString()}, kPatience);
    Check(reply.status.ok() && reply.messages.size() == 1,
          absl::StrCat(method, ": ", reply.status.error_message()));
    Response response;
    Check(response.ParseFromString(reply.messages.front()), method);
    return response;
  }

  // All but `default`, which no request could reach.
  void EndSessions() {
    const auto sessions = Must<v1::SessionServiceListResponse>(
        "SessionService/List", v1::SessionServiceListRequest());
    for (const v1::Session& session : sessions.sessions()) {
      if (session.name() == "default") continue;
      v1::DeleteRequest request;
      request.set_name(session.name());
      // Its lease may lapse meanwhile.
      client_->Call("/standoff.v1.SessionService/Delete", "default",
                    {request.SerializeAsString()}, kPatience);
    }
  }

  // Until nothing is left of all that was done.
  void AwaitNothing() {
    const absl::Time end = absl::Now() + absl::FromChrono(kPatience);
    for (;;) {
      const auto info = Must<v1::GetInfoResponse>("HostService/GetInfo",
                                                  v1::GetInfoRequest());
      const auto left = std::find_if(
          info.limits().begin(), info.limits().end(),
          [](const v1::Limit& limit) {
            return limit.in_use() > (limit.name() == "sessions" ? 1u : 0u);
          });
      if (left == info.limits().end()) return;
      Check(absl::Now() < end, left->ShortDebugString());
      absl::SleepFor(absl::Milliseconds(1));
    }
  }

  const std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<RawClient> client_;
};

Service* service = nullptr;

int Start() {
  const absl::Status status = EnterNetworkNamespace();
  if (!status.ok()) {
    std::cerr << status << std::endl;
    return 1;
  }
  signal(SIGPIPE, SIG_IGN);
  CheckMethods();
  DaemonOptions options;
  options.listen = {"127.0.0.1:0"};
  options.limits = SmallLimits();
  absl::StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(options);
  Check(daemon.ok(), daemon.status().ToString());
  service = new Service(*std::move(daemon));
  // While gRPC is still there.
  std::atexit([] { delete service; });
  return 0;
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerInitialize(int*, char***) { return standoff::Start(); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Check(standoff::service != nullptr, "the daemon is there");
  standoff::service->Try(standoff::Input(data, size));
  return 0;
}

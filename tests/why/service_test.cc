// DiagnosisService over the wire: it says what the client would, whatever it is
// given. huge_request_test has much of it.

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/diagnosis/diagnose.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis_service.pb.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/why/ask_service.h"

namespace standoff::client {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;

class ServiceTest : public ::testing::Test {
 protected:
  // Asks both, who must agree.
  absl::StatusOr<v1::Diagnosis> AskBoth(
      const v1::DiagnoseRequest& request) const {
    const absl::StatusOr<v1::Diagnosis> here = Diagnose(request);
    absl::StatusOr<v1::Diagnosis> there = AskService(host_.host(), request);
    EXPECT_EQ(here.status(), there.status());
    if (here.ok() && there.ok()) {
      EXPECT_TRUE(MessageDifferencer::Equals(*here, *there))
          << here->DebugString() << "\n"
          << there->DebugString();
      ExpectInRange(*there);
    } else {
      EXPECT_EQ(there.status().code(), absl::StatusCode::kInvalidArgument)
          << there.status();
      EXPECT_FALSE(there.status().message().empty());
    }
    return there;
  }

  // A deadlock, a pair that waits for a script, an accept, a connect that gets
  // no answer, a poll, a timeout, a Unix pair.
  void MakeAWorld() {
    const auto keep = [this](RemoteSocket socket) -> const RemoteSocket& {
      return sockets_.emplace_back(std::move(socket));
    };
    sockets_.reserve(100);
    const auto actor = [this](const std::string& name) {
      return host_->Actor(name);
    };
    for (const Kind& kind : {kTcp4, kUnixStream, kUdp4}) {
      RemotePair pair = ConnectedPair(host_.host(), kind);
      StartBlocked(actor(absl::StrCat("alice-", kind.name)), ReceiveOn(pair.a));
      StartBlocked(actor(absl::StrCat("bob-", kind.name)), ReceiveOn(pair.b));
      keep(std::move(pair.a));
      keep(std::move(pair.b));
    }
    RemotePair idle = ConnectedPair(host_.host(), kTcp4);
    StartBlocked(actor("carol"), PollOn({idle.a.name()}));
    keep(std::move(idle.a));
    keep(std::move(idle.b));
    StartBlocked(actor("dave"), AcceptOn(keep(Listener(host_.host(), kTcp4))));
    BlackHole hole = MakeBlackHole(host_.host());
    StartBlocked(actor("erin"), ConnectTo(keep(OpenSocket(host_.host(), kTcp4)),
                                          hole.address));
    keep(std::move(hole.listener));
    for (RemoteSocket& socket : hole.queued) keep(std::move(socket));
    const RemoteSocket& timed = keep(BoundSocket(host_.host(), kUdp4));
    Must(timed.SetTimeout(3600));
    StartBlocked(actor("frank"), ReceiveOn(timed));
  }

  v1::DiagnoseRequest ObserveBoth() const {
    return Must(Observe({host_.host()}, {.between = absl::ZeroDuration()}));
  }

  TestHost host_{{}, {.name = "host"}};
  std::vector<RemoteSocket> sockets_;
};

TEST_F(ServiceTest, SaysWhatTheClientSays) {
  MakeAWorld();
  const v1::DiagnoseRequest request = ObserveBoth();
  const v1::Diagnosis diagnosis = Must(AskBoth(request));
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_EQ(diagnosis.deadlocks_size(), 3);
  EXPECT_EQ(diagnosis.blocked_size(), 10);
  // One snapshot.
  v1::DiagnoseRequest once = request;
  once.mutable_hosts(0)->clear_second();
  EXPECT_EQ(Must(AskBoth(once)).verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(Must(AskBoth({})).verdict(), v1::VERDICT_NOTHING_BLOCKED);
}

TEST_F(ServiceTest, RefusesWhatIsMalformed) {
  const v1::DiagnoseRequest good = ObserveBoth();
  const auto expect_refused = [this](const v1::DiagnoseRequest& request,
                                     const std::string& message) {
    EXPECT_THAT(
        AskBoth(request).status(),
        Refused(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  };
  v1::DiagnoseRequest bad = good;
  bad.mutable_hosts(0)->clear_host();
  expect_refused(bad, "hosts[0].host: is missing");
  bad = good;
  *bad.add_hosts() = good.hosts(0);
  expect_refused(bad, "hosts[1].host: 'host' is another host's name");
  bad = good;
  bad.mutable_hosts(0)->clear_first();
  expect_refused(bad, "hosts[0].first: is missing");
  bad = good;
  bad.mutable_hosts(0)->mutable_first()->Swap(
      bad.mutable_hosts(0)->mutable_second());
  expect_refused(bad, "hosts[0].second: was taken before the first");
  bad = good;
  bad.mutable_hosts(0)->mutable_second()->set_boot_id("another");
  expect_refused(bad, "hosts[0].second: is of another boot");
  bad = good;
  bad.add_hints()->set_host("host");
  expect_refused(bad, "hints[0].address: '' is no literal IP address");
  bad.mutable_hints(0)->set_address("192.0.2.1");
  bad.mutable_hints(0)->set_host("nobody");
  expect_refused(bad, "hints[0].host: 'nobody' is none of the hosts");
}

// Snapshots in which nothing fits.
TEST_F(ServiceTest, SurvivesWhatMakesNoSense) {
  MakeAWorld();
  const v1::DiagnoseRequest good = ObserveBoth();
  const auto edit = [&good](auto change) {
    v1::DiagnoseRequest request = good;
    change(*request.mutable_hosts(0)->mutable_first());
    change(*request.mutable_hosts(0)->mutable_second());
    return request;
  };
  // No sockets that the operations could be on.
  v1::Diagnosis diagnosis = Must(
      AskBoth(edit([](v1::SnapshotResponse& look) { look.clear_sockets(); })));
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(diagnosis.blocked_size(), 10);
  EXPECT_EQ(diagnosis.blocked(0).reason(), v1::REASON_UNKNOWN);
  // No actors whose the operations could be.
  Must(AskBoth(edit([](v1::SnapshotResponse& look) { look.clear_actors(); })));
  // No operations that the actors could perform.
  EXPECT_EQ(Must(AskBoth(edit([](v1::SnapshotResponse& look) {
              look.clear_operations();
            }))).verdict(),
            v1::VERDICT_NOTHING_BLOCKED);
  // Operations without their blocks, their actions or their sockets' names.
  Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::Operation& operation : *look.mutable_operations()) {
      operation.clear_block();
    }
  })));
  diagnosis = Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::Operation& operation : *look.mutable_operations()) {
      operation.clear_action();
    }
  })));
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::SessionSocket& socket : *look.mutable_sockets()) {
      socket.mutable_socket()->clear_name();
    }
  })));
  // Sockets without inodes, without anything, and of a kind that is unknown.
  Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::SessionSocket& socket : *look.mutable_sockets()) {
      socket.mutable_socket()->set_inode(0);
      socket.mutable_socket()->set_peer_inode(0);
    }
  })));
  Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::SessionSocket& socket : *look.mutable_sockets()) {
      const std::string name = socket.socket().name();
      socket.mutable_socket()->Clear();
      socket.mutable_socket()->set_name(name);
    }
  })));
  // All with one name, or one inode number: each is its own peer.
  Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::SessionSocket& socket : *look.mutable_sockets()) {
      socket.mutable_socket()->set_name("same");
    }
    for (v1::Actor& actor : *look.mutable_actors()) actor.set_name("same");
    for (v1::Operation& operation : *look.mutable_operations()) {
      operation.set_actor("same");
      operation.set_id(1);
    }
  })));
  Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::SessionSocket& socket : *look.mutable_sockets()) {
      socket.mutable_socket()->set_inode(7);
      socket.mutable_socket()->set_peer_inode(7);
    }
  })));
  // Each actor's queue acts on all sockets.
  Must(AskBoth(edit([](v1::SnapshotResponse& look) {
    for (v1::Actor& actor : *look.mutable_actors()) {
      for (const v1::SessionSocket& socket : look.sockets()) {
        actor.add_queued_sockets(socket.socket().name());
      }
      actor.add_queued_sockets("no such socket");
    }
  })));
  // At the second look everything is gone, or at the first nothing was there.
  v1::DiagnoseRequest request = good;
  v1::SnapshotResponse* look = request.mutable_hosts(0)->mutable_second();
  look->clear_sockets();
  look->clear_actors();
  look->clear_operations();
  look->clear_interfaces();
  EXPECT_EQ(Must(AskBoth(request)).verdict(), v1::VERDICT_NOTHING_BLOCKED);
  request = good;
  look = request.mutable_hosts(0)->mutable_first();
  look->clear_sockets();
  look->clear_actors();
  look->clear_operations();
  diagnosis = Must(AskBoth(request));
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.deadlocks(0).proof(), v1::PROOF_NOT_STILL);
}

// A message with something wrong with it, anywhere.
class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  void Mutate(Message& message) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    if (fields.empty()) return;
    const FieldDescriptor& field = *fields[Below(fields.size())];
    if (Below(20) == 0) {
      reflection.ClearField(&message, &field);
    } else if (field.is_repeated()) {
      MutateRepeated(message, field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Mutate(*reflection.MutableMessage(&message, &field));
    } else {
      SetScalar(message, field);
    }
  }

 private:
  size_t Below(size_t end) {
    return std::uniform_int_distribution<size_t>(0, end - 1)(random_);
  }

  void MutateRepeated(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    const auto any = [&] {
      return static_cast<int>(Below(static_cast<size_t>(size)));
    };
    switch (Below(6)) {
      case 0:
        reflection.SwapElements(&message, &field, any(), any());
        return;
      case 1:
        reflection.RemoveLast(&message, &field);
        return;
      case 2:
        if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
          Message* const added = reflection.AddMessage(&message, &field);
          added->CopyFrom(
              reflection.GetRepeatedMessage(message, &field, any()));
        }
        return;
      default:
        if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
          Mutate(*reflection.MutableRepeatedMessage(&message, &field, any()));
        }
    }
  }

  void SetScalar(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.SetInt32(&message, &field, AnyOf<int32_t>());
        return;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.SetInt64(&message, &field, AnyOf<int64_t>());
        return;
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection.SetUInt32(&message, &field, AnyOf<uint32_t>());
        return;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection.SetUInt64(&message, &field, AnyOf<uint64_t>());
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection.SetDouble(&message, &field, -1e300);
        return;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection.SetBool(&message, &field, Below(2) == 0);
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection.SetEnumValue(&message, &field, static_cast<int>(Below(20)));
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.SetString(&message, &field, AnyText());
        return;
      default:
        return;
    }
  }

  template <typename T>
  T AnyOf() {
    const std::vector<T> values = {0,
                                   1,
                                   2,
                                   7,
                                   std::numeric_limits<T>::min(),
                                   std::numeric_limits<T>::max()};
    return values[Below(values.size())];
  }

  std::string AnyText() {
    const std::vector<std::string> texts = {
        "",   "s1", "s2",        "default", "host", "alice-Tcp4",
        "::", "x",  "127.0.0.1", "\n\"<&",  "",     std::string(1000, 'x')};
    return texts[Below(texts.size())];
  }

  std::mt19937 random_;
};

TEST_F(ServiceTest, SurvivesWhatIsWrongAnywhere) {
  MakeAWorld();
  const v1::DiagnoseRequest good = ObserveBoth();
  int answered = 0;
  for (uint32_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    v1::DiagnoseRequest request = good;
    Mutator mutator(seed);
    for (uint32_t i = 0; i <= seed % 20; ++i) mutator.Mutate(request);
    answered += AskBoth(request).ok();
  }
  EXPECT_GT(answered, 100);
}

}  // namespace
}  // namespace standoff::client

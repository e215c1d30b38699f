#include "client/cli/ps_table.h"

#include <google/protobuf/text_format.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/terminal.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::SnapshotResponse Parse(const std::string& text) {
  v1::SnapshotResponse snapshot;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &snapshot));
  return snapshot;
}

// Two connected sockets, one listener and a pair; one actor blocked, one idle
// and one that runs.
v1::SnapshotResponse Example() {
  return Parse(R"pb(
    start_monotonic_ns: 100000000000
    end_monotonic_ns: 100001000000
    sessions { name: "default" }
    sessions {
      name: "nightly"
      labels { key: "test" value: "mutual_send" }
      labels { key: "by" value: "ci" }
      lease_seconds: 30
      lease_left { seconds: 12 nanos: 500000000 }
    }
    sockets {
      session: "nightly"
      socket {
        name: "s1"
        family: FAMILY_INET
        type: SOCKET_TYPE_STREAM
        protocol: PROTOCOL_TCP
        mode: WAITING_MODE_BLOCKING
        local_address { ip { host: "10.1.0.1" port: 5000 } }
        peer_address { ip { host: "10.1.0.2" port: 7000 } }
        receive_queue: 0
        send_queue: 2626560
        tcp_info { state: TCP_STATE_ESTABLISHED send_window: 0 }
      }
    }
    sockets {
      session: "nightly"
      socket {
        name: "l"
        mode: WAITING_MODE_TIMEOUT
        timeout_seconds: 0.5
        local_address { ip { host: "10.1.0.1" port: 80 } }
        listening: true
        receive_queue: 2
        accept_queue { length: 2 limit: 5 }
        tcp_info { state: TCP_STATE_LISTEN }
      }
    }
    sockets {
      session: "default"
      socket {
        name: "u"
        family: FAMILY_UNIX
        type: SOCKET_TYPE_STREAM
        mode: WAITING_MODE_NON_BLOCKING
        receive_queue: 5
        send_queue: 0
      }
    }
    actors {
      name: "a"
      session: "nightly"
      current_operation_id: 7
      queued_operations: 2
    }
    actors { name: "b" session: "nightly" }
    actors { name: "c" session: "nightly" current_operation_id: 9 }
    operations {
      id: 9
      session: "nightly"
      actor: "c"
      state: OPERATION_STATE_RUNNING
      action { resolve { host: "x" } }
      start_monotonic_ns: 100000500000
    }
    operations {
      id: 8
      session: "nightly"
      state: OPERATION_STATE_BLOCKED
      action {
        poll {
          items { socket: "l" }
          items { socket: "gone" }
        }
      }
      block {
        syscall: "ppoll"
        wait_channel: "do_sys_poll"
        since_monotonic_ns: 99501000000
        deadline_monotonic_ns: 100251000000
      }
    }
    operations {
      id: 7
      session: "nightly"
      actor: "a"
      state: OPERATION_STATE_BLOCKED
      action { send { socket: "s1" } }
      block {
        syscall: "sendto"
        wait_channel: "wait_woken"
        since_monotonic_ns: 87656000000
      }
    }
  )pb");
}

TEST(RenderPsTest, ShowsEverythingInOneTable) {
  EXPECT_EQ(
      RenderPs({{.name = "left", .snapshot = Example()},
                {.name = "right",
                 .snapshot = absl::UnavailableError("right: no answer")}},
               Style(false)),
      R"(HOST   SESSION  ACTOR  OPERATION  STATE        FOR         SYSCALL  WAIT CHANNEL  SOCKET  TCP          RECV-Q  SEND-Q     DETAIL
left   default                    session                                                                                 no lease
left   default                    open                                            u                    5       0          unix stream, non-blocking
left   nightly                    session                                                                                 lease of 30 s, 12.500 s left, by=ci, test=mutual_send
left   nightly  a      7 Send     blocked      12.345 s    sendto   wait_woken    s1      ESTABLISHED  0       2,626,560  10.1.0.1:5000 > 10.1.0.2:7000, zero window, 2 more in the actor's queue
left   nightly         8 Poll     blocked      0.500 s     ppoll    do_sys_poll   l       LISTEN       2 of 5             10.1.0.1:80, timeout 0.5 s, ends in 0.250 s
left   nightly                                                                    gone
left   nightly  c      9 Resolve  running      0.000500 s
left   nightly  b                 idle
right                             unreachable                                                                             right: no answer
)");
}

TEST(RenderPsTest, CutsLinesOffForATerminal) {
  const std::string text =
      RenderPs({{.name = "left", .snapshot = Example()}}, Style(false), 20);
  EXPECT_THAT(text, HasSubstr("\nleft  nightly  a\n"));
}

TEST(RenderPsTest, ColoursWhatIsBlockedAndUnreachable) {
  const std::string text =
      RenderPs({{.name = "left", .snapshot = Example()},
                {.name = "right", .snapshot = absl::UnavailableError("")}},
               Style(true));
  EXPECT_THAT(text, HasSubstr("\033[1;31mblocked\033[0m"));
  EXPECT_THAT(text, HasSubstr("\033[1;31munreachable\033[0m"));
}

TEST(RenderPsTest, WhatHostsSayCannotSteerTheTerminal) {
  v1::SnapshotResponse snapshot = Example();
  (*snapshot.mutable_sessions(0)->mutable_labels())["x"] = "\033[2J\n";
  EXPECT_THAT(RenderPs({{.name = "left", .snapshot = snapshot}}, Style(false)),
              HasSubstr("x=\\x1b[2J\\x0a\n"));
}

TEST(RenderPsTest, NothingIsOnlyAHeader) {
  EXPECT_EQ(RenderPs({}, Style(false)), "\n");
  EXPECT_EQ(RenderPs({{.name = "left", .snapshot = Parse("")}}, Style(false)),
            "\n");
}

TEST(RenderPsTest, AnActorThatWasJustBusyRuns) {
  EXPECT_THAT(
      RenderPs({{.name = "left", .snapshot = Parse(R"pb(
                                   sessions { name: "default" }
                                   actors {
                                     name: "a"
                                     session: "default"
                                     current_operation_id: 3
                                     queued_operations: 1
                                   }
                                 )pb")}},
               Style(false)),
      HasSubstr("left  default  a      3          running  1 in its queue\n"));
}

TEST(KeepSessionTest, LeavesTheOthersOut) {
  v1::SnapshotResponse snapshot = Example();
  KeepSession("nightly", snapshot);
  EXPECT_EQ(snapshot.sessions_size(), 1);
  EXPECT_EQ(snapshot.sockets_size(), 2);
  EXPECT_EQ(snapshot.actors_size(), 3);
  EXPECT_EQ(snapshot.operations_size(), 3);
  KeepSession("default", snapshot);
  EXPECT_EQ(snapshot.sessions_size(), 0);
  EXPECT_EQ(snapshot.operations_size(), 0);
}

TEST(PsJsonTest, HasTheSnapshotOrTheReason) {
  const Json json =
      PsJson({{.name = "left", .address = "a:1", .snapshot = Example()},
              {.name = "right",
               .address = "b:1",
               .snapshot = absl::UnavailableError("gone")}});
  ASSERT_EQ(json["hosts"].size(), 2u);
  EXPECT_EQ(json["hosts"][0]["name"], "left");
  EXPECT_EQ(json["hosts"][0]["address"], "a:1");
  EXPECT_EQ(json["hosts"][0]["snapshot"]["operations"].size(), 3u);
  EXPECT_EQ(json["hosts"][1]["error"], "gone");
}

}  // namespace
}  // namespace standoff::client

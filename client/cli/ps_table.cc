#include "client/cli/ps_table.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/address.h"
#include "client/cli/text_table.h"
#include "client/outcome.h"

namespace standoff::client {
namespace {

const std::vector<std::string>& Header() {
  static const auto& header = *new std::vector<std::string>{
      "HOST",   "SESSION", "ACTOR",        "OPERATION", "STATE",
      "FOR",    "SYSCALL", "WAIT CHANNEL", "SOCKET",    "TCP",
      "RECV-Q", "SEND-Q",  "DETAIL"};
  return header;
}

// The columns of a row, by their names.
struct Row {
  Cell host;
  Cell session;
  Cell actor = {};
  Cell operation = {};
  Cell state = {};
  Cell duration = {};
  Cell syscall = {};
  Cell wait_channel = {};
  Cell socket = {};
  Cell tcp = {};
  Cell receive_queue = {};
  Cell send_queue = {};
  Cell detail = {};

  std::vector<Cell> Cells() const {
    return {host,          session,    actor,        operation, state,
            duration,      syscall,    wait_channel, socket,    tcp,
            receive_queue, send_queue, detail};
  }
};

// "blocked" of OPERATION_STATE_BLOCKED.
std::string ShortName(absl::string_view name, absl::string_view prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

std::string Seconds(double seconds) {
  return absl::StrFormat("%.3g s", seconds);
}

std::string Between(int64_t start_ns, int64_t end_ns) {
  return FormatSeconds(
      std::max(absl::Nanoseconds(end_ns) - absl::Nanoseconds(start_ns),
               absl::ZeroDuration()));
}

// What a socket is, if it is no TCP socket: "udp", "unix stream".
std::string Kind(const v1::SocketDescription& socket) {
  if (socket.has_tcp_info()) return "";
  std::string family = ShortName(v1::Family_Name(socket.family()), "FAMILY_");
  if (family.empty()) family = absl::StrCat("family ", int{socket.family()});
  std::string kind =
      ShortName(v1::Protocol_Name(socket.protocol()), "PROTOCOL_");
  if (socket.protocol() == v1::PROTOCOL_UNSPECIFIED || kind.empty()) {
    kind = ShortName(v1::SocketType_Name(socket.type()), "SOCKET_TYPE_");
  }
  return absl::StrCat(family, " ", kind);
}

std::string Addresses(const v1::SocketDescription& socket) {
  std::string text;
  if (socket.has_local_address()) text = FormatAddress(socket.local_address());
  if (socket.has_peer_address()) {
    absl::StrAppend(&text, " > ", FormatAddress(socket.peer_address()));
  }
  return text;
}

void FillSocket(const v1::SocketDescription& socket, Row& row) {
  row.socket.text = socket.name();
  if (socket.has_tcp_info()) {
    row.tcp.text = std::string(absl::StripPrefix(
        v1::TcpState_Name(socket.tcp_info().state()), "TCP_STATE_"));
  }
  if (socket.has_receive_queue()) {
    row.receive_queue.text = FormatCount(socket.receive_queue());
  }
  if (socket.has_send_queue()) {
    row.send_queue.text = FormatCount(socket.send_queue());
  }
  if (socket.has_accept_queue()) {
    row.receive_queue.text = absl::StrCat(
        socket.accept_queue().length(), " of ", socket.accept_queue().limit());
    row.send_queue.text = "";
  }
  std::vector<std::string> parts = {Kind(socket), Addresses(socket)};
  if (socket.mode() == v1::WAITING_MODE_NON_BLOCKING) {
    parts.emplace_back("non-blocking");
  } else if (socket.mode() == v1::WAITING_MODE_TIMEOUT) {
    parts.push_back(
        absl::StrCat("timeout ", Seconds(socket.timeout_seconds())));
  }
  if (socket.tcp_info().has_send_window() &&
      socket.tcp_info().send_window() == 0 &&
      socket.tcp_info().state() == v1::TCP_STATE_ESTABLISHED) {
    parts.emplace_back("zero window");
  }
  std::erase(parts, "");
  row.detail.text = absl::StrJoin(parts, ", ");
}

void AddDetail(absl::string_view detail, Row& row) {
  row.detail.text = absl::StrJoin(
      row.detail.text.empty()
          ? std::vector<std::string>{std::string(detail)}
          : std::vector<std::string>{row.detail.text, std::string(detail)},
      ", ");
}

// One host's rows.
class HostRows {
 public:
  HostRows(const std::string& name, const v1::SnapshotResponse& snapshot,
           TextTable& table)
      : name_(name), snapshot_(snapshot), table_(table) {}

  void AddAll() {
    for (const v1::Session& session : snapshot_.sessions()) {
      session_ = session.name();
      busy_sockets_.clear();
      busy_actors_.clear();
      AddSession(session);
      for (const v1::Operation* operation : Operations()) {
        AddOperation(*operation);
      }
      for (const v1::Actor& actor : snapshot_.actors()) {
        if (actor.session() == session_) AddActor(actor);
      }
      for (const v1::SessionSocket& socket : snapshot_.sockets()) {
        if (socket.session() == session_ &&
            !busy_sockets_.contains(socket.socket().name())) {
          Row row = NewRow("open", Tone::kPlain);
          FillSocket(socket.socket(), row);
          table_.Add(row.Cells());
        }
      }
    }
  }

 private:
  Row NewRow(absl::string_view state, Tone tone) const {
    return {.host = {name_},
            .session = {session_},
            .state = {std::string(state), tone}};
  }

  void AddSession(const v1::Session& session) {
    Row row = NewRow("session", Tone::kDim);
    if (session.lease_seconds() <= 0) {
      AddDetail("no lease", row);
    } else {
      AddDetail(absl::StrCat("lease of ", Seconds(session.lease_seconds())),
                row);
      if (session.has_lease_left()) {
        AddDetail(
            absl::StrCat(
                FormatSeconds(absl::Seconds(session.lease_left().seconds()) +
                              absl::Nanoseconds(session.lease_left().nanos())),
                " left"),
            row);
      } else {
        AddDetail("in use", row);
      }
    }
    // A map of protobuf has no order.
    std::set<std::string> labels;
    for (const auto& [key, value] : session.labels()) {
      labels.insert(absl::StrCat(key, "=", value));
    }
    for (const std::string& label : labels) AddDetail(label, row);
    row.detail.tone = Tone::kDim;
    table_.Add(row.Cells());
  }

  // The session's, the longest blocked first, then those that run.
  std::vector<const v1::Operation*> Operations() const {
    std::vector<const v1::Operation*> operations;
    for (const v1::Operation& operation : snapshot_.operations()) {
      if (operation.session() == session_) operations.push_back(&operation);
    }
    const auto order = [](const v1::Operation* operation) {
      return std::pair(!operation->has_block(),
                       operation->block().since_monotonic_ns());
    };
    std::stable_sort(operations.begin(), operations.end(),
                     [&](const v1::Operation* a, const v1::Operation* b) {
                       return order(a) < order(b);
                     });
    return operations;
  }

  void AddOperation(const v1::Operation& operation) {
    const bool blocked = operation.state() == v1::OPERATION_STATE_BLOCKED;
    Row row = NewRow(ShortName(v1::OperationState_Name(operation.state()),
                               "OPERATION_STATE_"),
                     blocked ? Tone::kBad : Tone::kGood);
    row.actor.text = operation.actor();
    row.operation.text =
        absl::StrCat(operation.id(), " ", ActionName(operation.action()));
    row.duration.text =
        Between(operation.has_block() ? operation.block().since_monotonic_ns()
                                      : operation.start_monotonic_ns(),
                snapshot_.end_monotonic_ns());
    row.syscall.text = operation.block().syscall();
    row.wait_channel.text = operation.block().wait_channel();
    busy_actors_.insert(operation.actor());

    std::string more;
    if (operation.block().has_deadline_monotonic_ns()) {
      more = absl::StrCat("ends in ",
                          Between(snapshot_.end_monotonic_ns(),
                                  operation.block().deadline_monotonic_ns()));
    }
    if (const uint32_t queued = Queued(operation.actor()); queued > 0) {
      absl::StrAppend(&more, more.empty() ? "" : ", ", queued,
                      " more in the actor's queue");
    }
    const std::vector<std::string> sockets = ActionSockets(operation.action());
    for (size_t i = 0; i < std::max<size_t>(sockets.size(), 1); ++i) {
      // A poll's other sockets have rows that only say which they are.
      if (i > 0) row = NewRow("", Tone::kPlain);
      if (i < sockets.size()) FillSocketNamed(sockets[i], row);
      if (i == 0 && !more.empty()) AddDetail(more, row);
      table_.Add(row.Cells());
    }
  }

  void FillSocketNamed(const std::string& name, Row& row) {
    row.socket.text = name;
    busy_sockets_.insert(name);
    for (const v1::SessionSocket& socket : snapshot_.sockets()) {
      if (socket.session() == session_ && socket.socket().name() == name) {
        FillSocket(socket.socket(), row);
      }
    }
  }

  uint32_t Queued(const std::string& actor) const {
    for (const v1::Actor& candidate : snapshot_.actors()) {
      if (candidate.session() == session_ && candidate.name() == actor) {
        return candidate.queued_operations();
      }
    }
    return 0;
  }

  void AddActor(const v1::Actor& actor) {
    if (busy_actors_.contains(actor.name())) return;
    // It may have come to its next operation after those were looked at.
    Row row = NewRow(actor.current_operation_id() == 0 ? "idle" : "running",
                     Tone::kPlain);
    row.actor.text = actor.name();
    if (actor.current_operation_id() != 0) {
      row.operation.text = absl::StrCat(actor.current_operation_id());
    }
    if (actor.queued_operations() > 0) {
      AddDetail(absl::StrCat(actor.queued_operations(), " in its queue"), row);
    }
    table_.Add(row.Cells());
  }

  const std::string& name_;
  const v1::SnapshotResponse& snapshot_;
  TextTable& table_;

  // Of the session whose rows are added.
  std::string session_;
  std::set<std::string> busy_sockets_;
  std::set<std::string> busy_actors_;
};

}  // namespace

void KeepSession(const std::string& session, v1::SnapshotResponse& snapshot) {
  const auto keep = [&](auto* list, const auto& session_of) {
    list->erase(std::remove_if(list->begin(), list->end(),
                               [&](const auto& element) {
                                 return session_of(element) != session;
                               }),
                list->end());
  };
  const auto own = [](const auto& element) -> const std::string& {
    return element.session();
  };
  keep(snapshot.mutable_sessions(),
       [](const v1::Session& s) -> const std::string& { return s.name(); });
  keep(snapshot.mutable_sockets(), own);
  keep(snapshot.mutable_actors(), own);
  keep(snapshot.mutable_operations(), own);
}

std::string RenderPs(const std::vector<HostSnapshot>& hosts, const Style& style,
                     size_t columns) {
  TextTable table(Header());
  for (const HostSnapshot& host : hosts) {
    if (host.snapshot.ok()) {
      HostRows(host.name, *host.snapshot, table).AddAll();
    } else {
      const Row row = {
          .host = {host.name},
          .session = {},
          .state = {"unreachable", Tone::kBad},
          .detail = {std::string(host.snapshot.status().message())}};
      table.Add(row.Cells());
    }
  }
  return table.Render(style, columns);
}

Json PsJson(const std::vector<HostSnapshot>& hosts) {
  Json json = {{"hosts", Json::array()}};
  for (const HostSnapshot& host : hosts) {
    Json entry = {{"name", host.name}, {"address", host.address}};
    absl::Status status = host.snapshot.status();
    if (status.ok()) {
      absl::StatusOr<Json> snapshot = AsJson(*host.snapshot);
      status = snapshot.status();
      if (status.ok()) entry["snapshot"] = *std::move(snapshot);
    }
    if (!status.ok()) entry["error"] = std::string(status.message());
    json["hosts"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace standoff::client

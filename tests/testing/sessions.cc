#include "tests/testing/sessions.h"

#include <algorithm>

#include "tests/testing/must.h"

namespace standoff::client {

Host MakeSession(const Host& host, const std::string& name,
                 absl::Duration lease) {
  v1::CreateRequest request;
  request.set_name(name);
  request.set_lease_seconds(absl::ToDoubleSeconds(lease));
  return Must(host.InSession(Must(host.Run(request)).session().name()));
}

v1::DeleteResponse DeleteSession(const Host& host, const std::string& name) {
  v1::DeleteRequest request;
  request.set_name(name);
  return Must(host.Run(request));
}

std::vector<v1::Session> SessionsOf(const Host& host) {
  const v1::SessionServiceListResponse response = Must(host.ListSessions());
  return {response.sessions().begin(), response.sessions().end()};
}

std::vector<std::string> SessionNames(const Host& host) {
  std::vector<std::string> names;
  for (const v1::Session& session : SessionsOf(host)) {
    names.push_back(session.name());
  }
  return names;
}

bool HasSession(const Host& host, absl::string_view name) {
  const std::vector<std::string> names = SessionNames(host);
  return std::find(names.begin(), names.end(), name) != names.end();
}

v1::ReceiveRequest ReceiveFrom(const std::string& socket) {
  v1::ReceiveRequest request;
  request.set_socket(socket);
  request.set_length(100);
  return request;
}

v1::SendRequest SendOn(const std::string& socket, const std::string& data) {
  v1::SendRequest request;
  request.set_socket(socket);
  request.set_data(data);
  return request;
}

RemoteOperation StartBlockedReceive(const Host& host, const std::string& actor,
                                    const SocketRef& socket) {
  RemoteOperation operation =
      Must(host.Actor(actor).Start(ReceiveFrom(socket.name())));
  Must(operation.WaitBlocked(absl::Minutes(1)));
  return operation;
}

}  // namespace standoff::client

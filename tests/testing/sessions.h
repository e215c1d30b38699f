// Sessions on daemons to test with.

#ifndef STANDOFF_TESTS_TESTING_SESSIONS_H_
#define STANDOFF_TESTS_TESTING_SESSIONS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "standoff/v1/session_service.pb.h"

namespace standoff::client {

// Makes a session whose lease nobody renews but by calls in it, and returns the
// host in it. Ends the test program if that fails.
Host MakeSession(const Host& host, const std::string& name = "",
                 absl::Duration lease = absl::Minutes(5));

// Deletes it, which must be there.
v1::DeleteResponse DeleteSession(const Host& host, const std::string& name);

// The sessions of a host, and their names.
std::vector<v1::Session> SessionsOf(const Host& host);
std::vector<std::string> SessionNames(const Host& host);
bool HasSession(const Host& host, absl::string_view name);

// To receive at most 100 bytes from a socket.
v1::ReceiveRequest ReceiveFrom(const std::string& socket);
// To send them.
v1::SendRequest SendOn(const std::string& socket, const std::string& data);

// Has an actor receive, and waits until that is blocked.
RemoteOperation StartBlockedReceive(const Host& host, const std::string& actor,
                                    const SocketRef& socket);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_SESSIONS_H_

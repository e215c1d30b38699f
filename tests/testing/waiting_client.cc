// A client that waits: a program for tests to kill.
//
//   waiting_client ADDRESS SOCKET COUNT
//
// Starts COUNT receives of 100 bytes on the socket of the daemon, prints
// "started", and waits until they have ended.

#include <cstdlib>
#include <iostream>
#include <vector>

#include "absl/status/statusor.h"
#include "client/call.h"
#include "client/host.h"

int main(int argc, char** argv) {
  using standoff::client::Call;
  using standoff::client::Host;
  if (argc != 4) return 2;
  absl::StatusOr<Host> host = Host::Connect(argv[1]);
  if (!host.ok()) {
    std::cerr << host.status() << "\n";
    return 1;
  }
  const standoff::client::RemoteSocket socket = host->Adopt(argv[2]);
  std::vector<Call<standoff::v1::ReceiveResponse>> calls;
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    calls.push_back(socket.Async().Receive(100));
  }
  std::cout << "started" << std::endl;
  for (auto& call : calls) call.Wait(absl::InfiniteDuration());
  return 0;
}

// Connections to a daemon that no gRPC library makes.

#ifndef STANDOFF_TESTS_FAULTS_RAW_CONNECTION_H_
#define STANDOFF_TESTS_FAULTS_RAW_CONNECTION_H_

#include <string>

#include "client/lab/file_descriptor.h"

namespace standoff::client {

// A TCP connection to HOST:PORT, with an IPv4 literal. Ends the program if it
// can't be had.
FileDescriptor ConnectTcp(const std::string& address);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_FAULTS_RAW_CONNECTION_H_

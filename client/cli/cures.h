// Commands that a reader can give as they are printed.

#ifndef STANDOFF_CLIENT_CLI_CURES_H_
#define STANDOFF_CLIENT_CLI_CURES_H_

#include <string>
#include <vector>

#include "client/find_hosts.h"
#include "client/host_entry.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// The flags that make a command talk to this one of the hosts that `choice` has
// told, quoted for a shell: "--host left=10.0.0.1:7411", "--hosts-file lab.yaml
// --host left".
std::string FlagsFor(const HostEntry& host, const HostChoice& choice);

// In the ways out of a diagnosis, which knows only the hosts' names, puts those
// flags in place of each "--host NAME".
void MakeFollowable(const std::vector<HostEntry>& hosts,
                    const HostChoice& choice, v1::Diagnosis& diagnosis);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_CURES_H_

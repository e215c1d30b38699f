// Words of a diagnosis that its text and its graph share.

#ifndef STANDOFF_CLIENT_CLI_WHY_WORDS_H_
#define STANDOFF_CLIENT_CLI_WHY_WORDS_H_

#include <cstdint>
#include <string>

#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// By an index in Diagnosis.blocked.
const v1::BlockedCall& CallAt(const v1::Diagnosis& diagnosis, uint32_t index);

// Whether a call is one of its deadlock's, and not just waits for them.
bool IsMember(const v1::Diagnosis& diagnosis, uint32_t index);

// "PEER_IDLE".
std::string ReasonWord(v1::Reason reason);
// "Send (sendto)"; of a process "sendto".
std::string CallWord(const v1::BlockedCall& call);
// " on left:s1"; empty if the socket is not known.
std::string SocketWord(const v1::Evidence& evidence);
// " for 2.1 s"; empty if that is not known.
std::string ForHowLong(const v1::BlockedCall& call);

// The evidence of a call that leads to the next one of a cycle: that with an
// other end on which the next one's caller could act. Null if there is none.
const v1::Evidence* EvidenceTowards(const v1::BlockedCall& call,
                                    const v1::BlockedCall& next);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_WHY_WORDS_H_

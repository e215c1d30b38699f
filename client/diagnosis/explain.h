// Why a call does not go on, as far as one of its sockets is concerned.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_EXPLAIN_H_
#define STANDOFF_CLIENT_DIAGNOSIS_EXPLAIN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/diagnosis/deadlocks.h"
#include "client/diagnosis/doing.h"
#include "client/diagnosis/outlook.h"
#include "client/diagnosis/stillness.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// Tells it, from what the last look showed.
class Explainer {
 public:
  // Both must outlive it.
  Explainer(const Survey& look, const Deadlocks& deadlocks)
      : survey_(look), world_(look.world), doing_(look, deadlocks) {
    for (size_t i = 0; i < world_.callers().size(); ++i) {
      if (world_.callers()[i].party.activity() == v1::ACTIVITY_IDLE) {
        idle_.push_back(i);
      }
    }
  }

  // The evidence for each socket that the call waits on, the one that says most
  // first. Its reason is never DEADLOCK: that is the call's.
  std::vector<v1::Evidence> Explain(size_t call) const;

  // Who could end a call, as the parties of an evidence.
  std::vector<v1::Party> PartiesOf(const std::vector<size_t>& callers) const;

 private:
  v1::Evidence ExplainWait(const BlockedOperation& call,
                           const WaitOutlook& wait) const;

  // Each sets the reason and the sentence.
  void ExplainUnknownPeer(const WaitOutlook& wait, v1::Evidence& to) const;
  // Of a connection that waits at a listener.
  void ExplainNotAccepted(const WaitOutlook& wait, v1::Evidence& to) const;
  void ExplainConnect(const WaitOutlook& wait, v1::Evidence& to) const;
  // Of what anybody could end: `what` is "connects" or "sends".
  void ExplainAnyone(const WaitOutlook& wait, const char* what,
                     v1::Evidence& to) const;
  void ExplainSend(const BlockedOperation& call, const WaitOutlook& wait,
                   v1::Evidence& to) const;
  void ExplainReceive(const BlockedOperation& call, const WaitOutlook& wait,
                      v1::Evidence& to) const;
  // By what those at the other end do.
  void ExplainByParties(const BlockedOperation& call, const WaitOutlook& wait,
                        v1::Evidence& to) const;
  // By the network, if that is what stands still or has bytes; else false.
  bool ExplainByNetwork(const WaitOutlook& wait, v1::Evidence& to) const;
  // If both ends hold the other's bytes back; else false.
  bool ExplainBackpressure(const BlockedOperation& call,
                           const WaitOutlook& wait, v1::Evidence& to) const;

  const Endpoint& EndpointOf(const WaitOutlook& wait) const {
    return world_.endpoints()[*wait.wait.endpoint];
  }
  // The socket at the other end; null if none or several are known.
  const Endpoint* PeerOf(const WaitOutlook& wait) const;
  // An idle actor that could send or connect to it.
  std::optional<size_t> IdleWhoCouldReach(const Endpoint& endpoint) const;
  // The part that is there of what a receive waits for; empty if none is.
  std::string WhatIsThere(const BlockedOperation& call,
                          const WaitOutlook& wait) const;
  std::string NameOf(const Endpoint& endpoint) const;

  const Survey& survey_;
  const World& world_;
  const Doing doing_;
  // Actors that have nothing to do: indices in World::callers.
  std::vector<size_t> idle_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_EXPLAIN_H_

// Who waits for whom, and who waits for ever.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_WAIT_GRAPH_H_
#define STANDOFF_CLIENT_DIAGNOSIS_WAIT_GRAPH_H_

#include <cstddef>
#include <vector>

namespace standoff::client {

// A directed graph. A node can go on as soon as one of those that it waits for
// can (the OR model of Knapp, "Deadlock Detection in Distributed Databases",
// 1987), or if it is free.
class WaitGraph {
 public:
  explicit WaitGraph(size_t nodes) : waits_for_(nodes), is_free_(nodes) {}

  size_t size() const { return waits_for_.size(); }

  // `node` waits for `other`, among others.
  void AddWait(size_t node, size_t other) { waits_for_[node].push_back(other); }
  // `node` can go on, whatever it waits for.
  void SetFree(size_t node) { is_free_[node] = true; }
  bool IsFree(size_t node) const { return is_free_[node]; }

  const std::vector<size_t>& WaitsFor(size_t node) const {
    return waits_for_[node];
  }

  // For each node whether it can never go on: neither it nor any node that can
  // be reached from it is free.
  std::vector<bool> FindStuck() const;

  // The nodes, and all that they wait for directly or through others; sorted.
  std::vector<size_t> FindReachable(std::vector<size_t> nodes) const;

  // The knots: sets of stuck nodes, each of which reaches all of its set and no
  // other node. A node that waits for nobody, not even itself, is no knot.
  std::vector<std::vector<size_t>> FindKnots() const;

  // A shortest cycle through `node`, which comes first, within `among`, which
  // is sorted. Empty if there is none.
  std::vector<size_t> FindCycle(size_t node,
                                const std::vector<size_t>& among) const;

 private:
  std::vector<std::vector<size_t>> waits_for_;
  std::vector<bool> is_free_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_WAIT_GRAPH_H_

#include "client/diagnosis/deadlocks.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "client/diagnosis/premises.h"
#include "client/diagnosis/wait_graph.h"

namespace standoff::client {
namespace {

// Those who can reach a socket that anybody could act on: the callers of one
// machine, of one network, or of all.
std::string CrowdOf(const World& world, const Endpoint& endpoint) {
  const HostView& host = world.hosts()[endpoint.host];
  if (IsUnix(endpoint.transport)) {
    return absl::StrCat("machine ", host.snapshot->boot_id());
  }
  if (endpoint.local.has_value() && IsLoopback(endpoint.local->ip)) {
    return absl::StrCat("network ", host.network);
  }
  return "all";
}

std::vector<std::string> CrowdsWith(const World& world, const Caller& caller) {
  const HostView& host = world.hosts()[caller.host];
  return {absl::StrCat("machine ", host.snapshot->boot_id()),
          absl::StrCat("network ", host.network), "all"};
}

// The nodes are the calls of the last look and then one for each crowd, which
// can go on if any of it can.
class Builder {
 public:
  explicit Builder(const Survey& later)
      : calls_(later.world.calls().size()), graph_(0) {
    for (const Caller& caller : later.world.callers()) {
      for (std::string& crowd : CrowdsWith(later.world, caller)) {
        crowds_.try_emplace(std::move(crowd), calls_ + crowds_.size());
      }
    }
    graph_ = WaitGraph(calls_ + crowds_.size());
  }

  // Adds what one look says. `node_of`, by call of that look: its node, or
  // nullopt if the call counts as one that can go on.
  void Add(const Survey& look,
           const std::vector<std::optional<size_t>>& node_of) {
    const World& world = look.world;
    const auto add_caller = [&](size_t node, size_t index) {
      const Caller& caller = world.callers()[index];
      const auto other =
          caller.call.has_value() ? node_of[*caller.call] : std::nullopt;
      if (caller.is_script || !other.has_value()) {
        graph_.SetFree(node);
      } else {
        graph_.AddWait(node, *other);
      }
    };
    for (size_t i = 0; i < world.callers().size(); ++i) {
      for (const std::string& crowd : CrowdsWith(world, world.callers()[i])) {
        if (const auto found = crowds_.find(crowd); found != crowds_.end()) {
          add_caller(found->second, i);
        }
      }
    }
    for (size_t call = 0; call < world.calls().size(); ++call) {
      if (!node_of[call].has_value()) continue;
      const size_t node = *node_of[call];
      const Outlook& outlook = look.outlooks[call];
      if (outlook.may_end) graph_.SetFree(node);
      for (const WaitOutlook& wait : outlook.waits) {
        if (!wait.is_for_anyone) {
          for (const size_t party : wait.parties) add_caller(node, party);
        } else {
          const Endpoint& endpoint = world.endpoints()[*wait.wait.endpoint];
          const auto crowd = crowds_.find(CrowdOf(world, endpoint));
          if (crowd == crowds_.end()) {
            graph_.SetFree(node);
          } else {
            graph_.AddWait(node, crowd->second);
          }
        }
      }
    }
  }

  WaitGraph& graph() { return graph_; }
  bool IsCall(size_t node) const { return node < calls_; }

 private:
  const size_t calls_;
  absl::flat_hash_map<std::string, size_t> crowds_;
  WaitGraph graph_;
};

std::vector<std::optional<size_t>> EachItself(size_t calls) {
  std::vector<std::optional<size_t>> all(calls);
  for (size_t i = 0; i < calls; ++i) all[i] = i;
  return all;
}

// Adds what is stuck by both looks together: a call is that is the same in
// both, and whoever could end it at either of them is, too. Returns who waits
// for whom by both; empty if there is one look only.
WaitGraph FindStuck(TwoLooks& looks) {
  const size_t calls = looks.later.world.calls().size();
  looks.is_stuck.resize(calls);
  looks.same.resize(calls);
  if (looks.earlier == nullptr) return WaitGraph(0);
  looks.same = FindSame(*looks.earlier, looks.later);
  std::vector<std::optional<size_t>> of_later(calls);
  std::vector<std::optional<size_t>> of_earlier(
      looks.earlier->world.calls().size());
  Builder builder(looks.later);
  for (size_t call = 0; call < calls; ++call) {
    if (looks.same[call].has_value()) {
      of_later[call] = call;
      of_earlier[*looks.same[call]] = call;
    } else {
      builder.graph().SetFree(call);
    }
  }
  builder.Add(looks.later, of_later);
  builder.Add(*looks.earlier, of_earlier);
  looks.is_stuck = builder.graph().FindStuck();
  looks.is_stuck.resize(calls);
  return std::move(builder.graph());
}

// The calls of a knot, and those that they wait for by both looks together.
std::vector<size_t> ReachableFrom(const WaitGraph& graph, size_t calls,
                                  const std::vector<size_t>& knot) {
  if (graph.size() == 0) return knot;
  std::vector<size_t> reachable = graph.FindReachable(knot);
  std::erase_if(reachable, [calls](size_t node) { return node >= calls; });
  return reachable;
}

// The calls that a call waits for: directly, and of each crowd all others.
std::vector<size_t> WaitsFor(const Builder& builder, const WaitGraph& graph,
                             size_t waiter) {
  std::vector<size_t> calls;
  const auto add = [&](size_t call) {
    if (calls.size() < kMaxWaits &&
        std::find(calls.begin(), calls.end(), call) == calls.end()) {
      calls.push_back(call);
    }
  };
  for (const size_t node : graph.WaitsFor(waiter)) {
    if (builder.IsCall(node)) {
      add(node);
      continue;
    }
    for (const size_t member : graph.WaitsFor(node)) {
      if (calls.size() == kMaxWaits) break;
      if (member != waiter) add(member);
    }
  }
  return calls;
}

// A cycle of the calls of a knot.
std::vector<size_t> CycleOf(const WaitGraph& calls,
                            const std::vector<size_t>& knot) {
  for (const size_t call : knot) {
    std::vector<size_t> cycle = calls.FindCycle(call, knot);
    if (!cycle.empty()) return cycle;
  }
  // Of a call that waits for a crowd of which it is the only one.
  return {knot[0]};
}

// For each node the knot that it reaches first.
std::vector<std::optional<size_t>> FindKnotOf(
    const WaitGraph& graph, const std::vector<bool>& stuck,
    const std::vector<std::vector<size_t>>& knots) {
  std::vector<std::vector<size_t>> waiters(graph.size());
  for (size_t node = 0; node < graph.size(); ++node) {
    for (const size_t other : graph.WaitsFor(node)) {
      waiters[other].push_back(node);
    }
  }
  std::vector<std::optional<size_t>> knot_of(graph.size());
  std::vector<size_t> next;
  for (size_t knot = 0; knot < knots.size(); ++knot) {
    for (const size_t node : knots[knot]) {
      knot_of[node] = knot;
      next.push_back(node);
    }
  }
  for (size_t i = 0; i < next.size(); ++i) {
    for (const size_t waiter : waiters[next[i]]) {
      if (!stuck[waiter] || knot_of[waiter].has_value()) continue;
      knot_of[waiter] = knot_of[next[i]];
      next.push_back(waiter);
    }
  }
  return knot_of;
}

}  // namespace

Deadlocks FindDeadlocks(const Survey* earlier, const Survey& later) {
  const size_t calls = later.world.calls().size();
  Builder builder(later);
  builder.Add(later, EachItself(calls));
  const WaitGraph& graph = builder.graph();
  TwoLooks looks = {.earlier = earlier, .later = later};
  const WaitGraph by_both = FindStuck(looks);
  const std::vector<std::vector<size_t>> knots = graph.FindKnots();

  Deadlocks deadlocks;
  WaitGraph between_calls(calls);
  for (size_t call = 0; call < calls; ++call) {
    deadlocks.waits_for.push_back(WaitsFor(builder, graph, call));
    for (const size_t other : deadlocks.waits_for.back()) {
      between_calls.AddWait(call, other);
    }
  }
  for (const std::vector<size_t>& nodes : knots) {
    Knot knot;
    std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(knot.calls),
                 [&](size_t node) { return builder.IsCall(node); });
    knot.cycle = CycleOf(between_calls, knot.calls);
    knot.missing =
        FindMissingPremises(looks, ReachableFrom(by_both, calls, knot.calls));
    deadlocks.knots.push_back(std::move(knot));
  }
  deadlocks.knot_of = FindKnotOf(graph, graph.FindStuck(), knots);
  deadlocks.knot_of.resize(calls);
  return deadlocks;
}

}  // namespace standoff::client

#include "client/diagnosis/wait_graph.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace standoff::client {
namespace {

// Tarjan's strongly connected components of the nodes in `among`, without
// recursion.
class Components {
 public:
  Components(const WaitGraph& graph, const std::vector<bool>& among)
      : graph_(graph),
        among_(among),
        number_(graph.size(), kUnseen),
        low_(graph.size()),
        is_open_(graph.size()) {}

  std::vector<std::vector<size_t>> Find() {
    for (size_t node = 0; node < graph_.size(); ++node) {
      if (among_[node] && number_[node] == kUnseen) Visit(node);
    }
    return std::move(found_);
  }

 private:
  static constexpr size_t kUnseen = std::numeric_limits<size_t>::max();

  // A node and how many of its edges were followed.
  struct Step {
    size_t node;
    size_t next = 0;
  };

  void Open(size_t node) {
    number_[node] = low_[node] = count_++;
    is_open_[node] = true;
    open_.push_back(node);
    path_.push_back({.node = node});
  }

  void Visit(size_t root) {
    Open(root);
    while (!path_.empty()) {
      Step& step = path_.back();
      const size_t node = step.node;
      const std::vector<size_t>& others = graph_.WaitsFor(node);
      if (step.next < others.size()) {
        const size_t other = others[step.next++];
        if (!among_[other]) continue;
        if (number_[other] == kUnseen) {
          Open(other);
        } else if (is_open_[other]) {
          low_[node] = std::min(low_[node], number_[other]);
        }
        continue;
      }
      path_.pop_back();
      if (!path_.empty()) {
        size_t& low = low_[path_.back().node];
        low = std::min(low, low_[node]);
      }
      if (low_[node] == number_[node]) Close(node);
    }
  }

  void Close(size_t root) {
    std::vector<size_t> component;
    size_t node = root;
    do {
      node = open_.back();
      open_.pop_back();
      is_open_[node] = false;
      component.push_back(node);
    } while (node != root);
    std::sort(component.begin(), component.end());
    found_.push_back(std::move(component));
  }

  const WaitGraph& graph_;
  const std::vector<bool>& among_;
  std::vector<size_t> number_;
  std::vector<size_t> low_;
  std::vector<bool> is_open_;
  std::vector<size_t> open_;
  std::vector<Step> path_;
  size_t count_ = 0;
  std::vector<std::vector<size_t>> found_;
};

}  // namespace

std::vector<bool> WaitGraph::FindStuck() const {
  std::vector<std::vector<size_t>> waited_for_by(size());
  for (size_t node = 0; node < size(); ++node) {
    for (const size_t other : waits_for_[node]) {
      waited_for_by[other].push_back(node);
    }
  }
  std::vector<bool> stuck(size(), true);
  std::deque<size_t> able;
  for (size_t node = 0; node < size(); ++node) {
    if (!is_free_[node]) continue;
    stuck[node] = false;
    able.push_back(node);
  }
  while (!able.empty()) {
    const size_t node = able.front();
    able.pop_front();
    for (const size_t waiter : waited_for_by[node]) {
      if (!stuck[waiter]) continue;
      stuck[waiter] = false;
      able.push_back(waiter);
    }
  }
  return stuck;
}

std::vector<size_t> WaitGraph::FindReachable(std::vector<size_t> nodes) const {
  std::vector<bool> is_seen(size());
  for (const size_t node : nodes) is_seen[node] = true;
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const size_t other : waits_for_[nodes[i]]) {
      if (is_seen[other]) continue;
      is_seen[other] = true;
      nodes.push_back(other);
    }
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

std::vector<std::vector<size_t>> WaitGraph::FindKnots() const {
  const std::vector<bool> stuck = FindStuck();
  std::vector<std::vector<size_t>> components = Components(*this, stuck).Find();
  const auto is_knot = [this](const std::vector<size_t>& component) {
    bool has_edge = false;
    for (const size_t node : component) {
      for (const size_t other : waits_for_[node]) {
        if (!std::binary_search(component.begin(), component.end(), other)) {
          return false;
        }
        has_edge = true;
      }
    }
    return has_edge;
  };
  std::vector<std::vector<size_t>> knots;
  std::copy_if(std::make_move_iterator(components.begin()),
               std::make_move_iterator(components.end()),
               std::back_inserter(knots), is_knot);
  return knots;
}

std::vector<size_t> WaitGraph::FindCycle(
    size_t node, const std::vector<size_t>& among) const {
  // Breadth first, until an edge leads back.
  absl::flat_hash_map<size_t, size_t> from;
  std::deque<size_t> next = {node};
  while (!next.empty()) {
    const size_t current = next.front();
    next.pop_front();
    for (const size_t other : waits_for_[current]) {
      if (other == node) {
        std::vector<size_t> cycle;
        for (size_t step = current; step != node; step = from.at(step)) {
          cycle.push_back(step);
        }
        cycle.push_back(node);
        std::reverse(cycle.begin(), cycle.end());
        return cycle;
      }
      if (std::binary_search(among.begin(), among.end(), other) &&
          from.try_emplace(other, current).second) {
        next.push_back(other);
      }
    }
  }
  return {};
}

}  // namespace standoff::client

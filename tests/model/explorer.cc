#include "tests/model/explorer.h"

#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"
#include "tests/model/looks.h"
#include "tests/model/steps.h"

namespace standoff::model {
namespace {

absl::string_view BytesOf(const State& state) {
  return {reinterpret_cast<const char*>(&state), sizeof(state)};
}

class Explorer {
 public:
  Explorer(const Configuration& configuration, const Needs& needs)
      : config_(configuration), needs_(needs) {}

  Exploration Run() {
    Start();
    Exploration result;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (IsRefuted(nodes_[i].state)) {
        result.counterexample = TraceTo(i);
        break;
      }
      Next(i, [&](const State& next, Step) {
        if (Add(next, i) && next.phase == 2 && nodes_[i].state.phase != 2) {
          ++result.proofs;
        }
      });
    }
    result.states = nodes_.size();
    return result;
  }

 private:
  struct Node {
    State state;
    // Where it was reached from first; its own number at the start.
    size_t from;
  };

  void Start() {
    State state = config_.start;
    state.phase = needs_.Has(v1::PREMISE_TWO_LOOKS) ? 0 : 1;
    Set visible = 0;
    for (int i = 0; i < config_.threads; ++i) {
      if (!Has(config_.hidden, config_.process_of[i])) model::Add(visible, i);
    }
    for (int knot = 1; knot <= visible; ++knot) {
      state.knot = static_cast<Set>(knot);
      if (Includes(visible, state.knot)) Add(state, nodes_.size());
    }
  }

  void Next(size_t node, Emit emit) const {
    // A copy: adding states moves them.
    const State state = nodes_[node].state;
    TakeSteps(config_, state, [&](const State& next, Step step) {
      ReadBefore(config_, needs_, state, next, step, emit);
    });
    FinishLook(config_, needs_, state, emit);
  }

  // Whether it is a new one.
  bool Add(const State& state, size_t from) {
    nodes_.push_back({state, from});
    if (known_.insert(nodes_.size() - 1).second) return true;
    nodes_.pop_back();
    return false;
  }

  bool IsRefuted(const State& state) const {
    if (state.phase != 2) return false;
    for (int i = 0; i < config_.threads; ++i) {
      if (Has(state.knot, i) && state.threads[i].call == Call::kNone) {
        return true;
      }
    }
    return false;
  }

  std::string TraceTo(size_t node) const {
    std::deque<std::string> lines;
    for (; nodes_[node].from != node; node = nodes_[node].from) {
      std::string line;
      Next(nodes_[node].from, [&](const State& next, Step step) {
        if (!line.empty() || BytesOf(next) != BytesOf(nodes_[node].state)) {
          return;
        }
        line = absl::StrCat(ReadsBetween(nodes_[nodes_[node].from].state, next),
                            absl::Substitute(step.text, step.who, step.what));
      });
      lines.push_front(std::move(line));
    }
    return absl::StrCat("knot: threads ", Members(nodes_[node].state.knot),
                        "\n", absl::StrJoin(lines, "\n"));
  }

  // What was read before a step, on a line of its own.
  static std::string ReadsBetween(const State& before, const State& next) {
    if (next.phase == 2) return "";
    const Look& then = before.looks[next.phase];
    const Look& now = next.looks[next.phase];
    std::vector<std::string> reads;
    const auto add = [&reads](const char* what, Set old_set, Set new_set) {
      if (old_set != new_set) {
        reads.push_back(
            absl::StrCat(what, Members(static_cast<Set>(new_set & ~old_set))));
      }
    };
    add("threads ", then.threads, now.threads);
    add("tables of processes ", then.processes, now.processes);
    add("lists of hosts ", then.listed, now.listed);
    add("ends ", then.ends, now.ends);
    if (reads.empty()) return "";
    return absl::StrCat("  look ", next.phase + 1, " reads ",
                        absl::StrJoin(reads, "; "), "\n");
  }

  static std::string Members(Set set) {
    std::vector<int> members;
    for (int i = 0; i < 8; ++i) {
      if (Has(set, i)) members.push_back(i);
    }
    return absl::StrJoin(members, ", ");
  }

  struct HashNode {
    const std::deque<Node>* nodes;
    size_t operator()(size_t node) const {
      return absl::Hash<absl::string_view>()(BytesOf((*nodes)[node].state));
    }
  };
  struct EqualNodes {
    const std::deque<Node>* nodes;
    bool operator()(size_t a, size_t b) const {
      return BytesOf((*nodes)[a].state) == BytesOf((*nodes)[b].state);
    }
  };

  const Configuration& config_;
  const Needs& needs_;
  // In the order in which they were found: those that take fewer steps first.
  std::deque<Node> nodes_;
  absl::flat_hash_set<size_t, HashNode, EqualNodes> known_{0, HashNode{&nodes_},
                                                           EqualNodes{&nodes_}};
};

}  // namespace

Exploration Explore(const Configuration& configuration, const Needs& needs) {
  return Explorer(configuration, needs).Run();
}

}  // namespace standoff::model

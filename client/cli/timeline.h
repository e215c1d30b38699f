// Puts what happened on several hosts in order while it comes in.

#ifndef STANDOFF_CLIENT_CLI_TIMELINE_H_
#define STANDOFF_CLIENT_CLI_TIMELINE_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace standoff::client {

// Items with the time at which they happened, and on which source. Each source
// adds its own in order, but hears of them sooner or later; so an item is kept
// for a while, and taken out together with all that is known to have happened
// before it. All times are nanoseconds of one clock. For one thread at a time.
template <typename Item>
class Timeline {
 public:
  // Adds an item that happened at `time` and arrived at `arrival`. One that
  // claims to have happened before an earlier one of its source, as when the
  // source's clock was estimated anew, is put after that.
  void Add(const std::string& source, int64_t time, int64_t arrival,
           Item item) {
    int64_t& last = last_.try_emplace(source, time).first->second;
    last = std::max(last, time);
    entries_.push_back({last, arrival, std::move(item)});
  }

  // Takes out, in order, all up to the latest one that arrived no later than
  // `settled`.
  std::vector<Item> Take(int64_t settled) {
    std::optional<int64_t> until;
    for (const Entry& entry : entries_) {
      if (entry.arrival <= settled &&
          (!until.has_value() || entry.time > *until)) {
        until = entry.time;
      }
    }
    std::vector<Item> items;
    if (!until.has_value()) return items;
    // Stable: what a source added first stays first.
    std::stable_sort(
        entries_.begin(), entries_.end(),
        [](const Entry& a, const Entry& b) { return a.time < b.time; });
    auto end =
        std::find_if(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.time > *until; });
    for (auto entry = entries_.begin(); entry != end; ++entry) {
      items.push_back(std::move(entry->item));
    }
    entries_.erase(entries_.begin(), end);
    return items;
  }

  // When the oldest item arrived; none if it is empty.
  std::optional<int64_t> OldestArrival() const {
    std::optional<int64_t> oldest;
    for (const Entry& entry : entries_) {
      if (!oldest.has_value() || entry.arrival < *oldest) {
        oldest = entry.arrival;
      }
    }
    return oldest;
  }

 private:
  struct Entry {
    int64_t time;
    int64_t arrival;
    Item item;
  };

  std::vector<Entry> entries_;
  // The time of each source's last item.
  std::map<std::string, int64_t> last_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_TIMELINE_H_

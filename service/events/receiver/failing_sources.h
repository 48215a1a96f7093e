// Limits how many deliveries that are not genuine an address may send. Each address has a token
// bucket: `per_second` tokens are added in each second, and the bucket holds as many.
//
// Thread-safety: none. Memory: kMost addresses. If there are more, the address whose last failure
// is the oldest is forgotten.
#ifndef SERVICE_EVENTS_RECEIVER_FAILING_SOURCES_H_
#define SERVICE_EVENTS_RECEIVER_FAILING_SOURCES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "upstream/steady_time.h"

namespace gateway::events {

class FailingSources {
 public:
  static constexpr size_t kMost = 4096;

  // `per_second` 0: no limit.
  explicit FailingSources(int64_t per_second) : per_second_(static_cast<double>(per_second)) {}

  void Note(const std::string& address, SteadyTime now) {
    if (per_second_ <= 0) return;
    auto found = sources_.find(address);
    if (found == sources_.end()) {
      order_.push_back(address);
      found = sources_.emplace(address, Source{per_second_, now, std::prev(order_.end())}).first;
    } else {
      order_.splice(order_.end(), order_, found->second.place);
    }
    Fill(found->second, now);
    found->second.left -= 1;
    if (sources_.size() <= kMost) return;
    sources_.erase(order_.front());
    order_.pop_front();
  }

  // Whether the address has sent too many.
  bool Blocks(const std::string& address, SteadyTime now) {
    const auto found = sources_.find(address);
    if (found == sources_.end()) return false;
    Fill(found->second, now);
    return found->second.left < 0;
  }

 private:
  struct Source {
    double left;
    SteadyTime filled;
    std::list<std::string>::iterator place;
  };

  void Fill(Source& source, SteadyTime now) const {
    source.left += per_second_ * absl::ToDoubleSeconds(now - source.filled);
    source.left = std::min(source.left, per_second_);
    source.filled = now;
  }

  const double per_second_;
  std::list<std::string> order_;  // addresses by their last failure, the newest at the end
  absl::flat_hash_map<std::string, Source> sources_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_FAILING_SOURCES_H_

#include "service/ledger/waiters.h"

#include <utility>

namespace gateway::ledger {

void Waiters::Add(Waiting waiting) {
  const EntryId id = waiting.request.id;
  entry_of_[waiting.request.wait] = id;
  by_entry_[id].push_back(std::move(waiting));
}

std::vector<Operation> Waiters::TakeFor(const EntryId& id, const absl::StatusOr<Entry>& result) {
  std::vector<Operation> taken;
  const auto found = by_entry_.find(id);
  if (found == by_entry_.end()) return taken;
  for (Waiting& waiting : found->second) {
    entry_of_.erase(waiting.request.wait);
    waiting.result = result;
    taken.emplace_back(std::move(waiting));
  }
  by_entry_.erase(found);
  return taken;
}

std::vector<Operation> Waiters::Take(WaitId wait, const absl::Status& status) {
  std::vector<Operation> taken;
  const auto place = entry_of_.find(wait);
  if (place == entry_of_.end()) return taken;
  const auto found = by_entry_.find(place->second);
  entry_of_.erase(place);
  std::vector<Waiting>& all = found->second;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].request.wait != wait) continue;
    all[i].result = status;
    taken.emplace_back(std::move(all[i]));
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    break;
  }
  if (all.empty()) by_entry_.erase(found);
  return taken;
}

std::vector<Operation> Waiters::TakeAll(const absl::Status& status) {
  std::vector<Operation> taken;
  for (auto& [id, all] : by_entry_) {
    for (Waiting& waiting : all) {
      waiting.result = status;
      taken.emplace_back(std::move(waiting));
    }
  }
  by_entry_.clear();
  entry_of_.clear();
  return taken;
}

std::vector<EntryId> Waiters::ids() const {
  std::vector<EntryId> ids;
  ids.reserve(by_entry_.size());
  for (const auto& [id, all] : by_entry_) ids.push_back(id);
  return ids;
}

}  // namespace gateway::ledger

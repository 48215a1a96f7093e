#include "upstream/http/call_table.h"

namespace gateway::http {

void CallTable::Add(CallPtr call) {
  if (call->request != nullptr) open_.fetch_add(1, std::memory_order_relaxed);
  if (call->deadline != SteadyTime::InfiniteFuture()) deadlines_.emplace(call->deadline, call->id);
  const CallId id = call->id;
  calls_.emplace(id, std::move(call));
}

CallTable::CallPtr CallTable::Find(CallId id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second;
}

CallTable::CallPtr CallTable::Take(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return nullptr;
  CallPtr call = std::move(found->second);
  calls_.erase(found);
  if (call->deadline != SteadyTime::InfiniteFuture()) deadlines_.erase({call->deadline, call->id});
  if (call->request != nullptr) open_.fetch_sub(1, std::memory_order_relaxed);
  return call;
}

CallTable::CallPtr CallTable::TakeExpired(SteadyTime now) {
  if (next_deadline() > now || deadlines_.empty()) return nullptr;
  return Take(deadlines_.begin()->second);
}

}  // namespace gateway::http

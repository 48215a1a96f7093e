#include "tools/apigen/model/reach.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gateway::apigen {

Reach::Reach(const Contract& contract) {
  for (const Service& service : contract.services) {
    for (const Method& method : service.methods) {
      const std::string rpc = absl::StrCat(service.name, ".", method.name);
      std::set<std::string> sent;
      Visit(contract, method.input, rpc, sent);
      for (const std::string& type : sent) senders_[type].insert(RouteOf(method));
      std::set<std::string> received;
      Visit(contract, method.output, rpc, received);
    }
  }
}

const std::set<std::string>& Reach::RpcsOf(const std::string& type) const {
  static const std::set<std::string>& none = *new std::set<std::string>();
  const auto found = rpcs_.find(type);
  return found == rpcs_.end() ? none : found->second;
}

bool Reach::IsSentToCreate(const std::string& type) const {
  const auto senders = senders_.find(type);
  return senders != senders_.end() &&
         std::all_of(senders->second.begin(), senders->second.end(),
                     [](const std::string& route) { return absl::StartsWith(route, "post "); });
}

void Reach::Visit(const Contract& contract, const std::string& type, const std::string& rpc,
                  std::set<std::string>& seen) {
  const auto message = contract.messages.find(type);
  const bool known = message != contract.messages.end() || contract.enums.count(type) > 0;
  if (!known || !seen.insert(type).second) return;
  rpcs_[type].insert(rpc);
  if (message == contract.messages.end()) return;
  for (const Field& field : message->second.fields) Visit(contract, field.type, rpc, seen);
}

}  // namespace gateway::apigen

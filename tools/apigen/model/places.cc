#include "tools/apigen/model/places.h"

#include "absl/strings/str_cat.h"
#include "google/api/annotations.pb.h"

namespace gateway::apigen {

std::string PlaceIn(const std::string& owner, const Field& field) {
  return absl::StrCat(owner, " ", WireNameOf(field));
}

std::map<std::string, std::string> WrapperKeys(const Contract& contract) {
  std::map<std::string, std::string> keys;
  for (const Service& service : contract.services) {
    for (const Method& method : service.methods) {
      const std::string name = absl::StrCat(service.name, ".", method.name);
      keys.emplace(method.input, absl::StrCat("in ", name));
      if (!method.options.GetExtension(google::api::http).response_body().empty()) {
        keys.emplace(method.output, absl::StrCat("out ", name));
      }
    }
  }
  return keys;
}

Places PlacesOf(const Contract& contract,
                const std::function<std::string(const std::string& message)>& owner) {
  Places places;
  const auto wrappers = WrapperKeys(contract);
  for (const auto& [name, message] : contract.messages) {
    const auto wrapper = wrappers.find(name);
    const std::string key = wrapper != wrappers.end() ? wrapper->second : owner(name);
    if (key.empty()) continue;
    for (const Field& field : message.fields) places[PlaceIn(key, field)] = field.type;
  }
  for (const Service& service : contract.services) {
    for (const Method& method : service.methods) {
      if (wrappers.count(method.output) > 0) continue;
      places[absl::StrCat("out ", service.name, ".", method.name)] = method.output;
    }
  }
  return places;
}

}  // namespace gateway::apigen

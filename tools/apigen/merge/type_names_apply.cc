// The second half of type_names.h: gives derived types the names of the protos.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/merge/type_names.h"
#include "tools/apigen/model/naming.h"
#include "tools/apigen/model/places.h"

namespace gateway::apigen {
namespace {

void SetUpstreamName(const std::string& upstream, Message& message) {
  if (upstream == message.name) {
    message.options.ClearExtension(gateway::v1::schema);
  } else {
    message.options.MutableExtension(gateway::v1::schema)->set_name(upstream);
  }
}

void SetUpstreamName(const std::string& upstream, Enum& value) {
  if (upstream == value.name) {
    value.options.ClearExtension(gateway::v1::enum_schema);
  } else {
    value.options.MutableExtension(gateway::v1::enum_schema)->set_name(upstream);
  }
}

// Returns the values of `original` with their texts and numbers, but named for the enum `name`.
std::vector<EnumValue> ValuesNamedAfter(const std::string& name, const Enum& original) {
  std::vector<EnumValue> values;
  const std::string prefix = EnumPrefix(name);
  for (const EnumValue& value : original.values) {
    EnumValue renamed;
    if (value.number == 0) {
      renamed.name = absl::StrCat(prefix, "UNSPECIFIED");
    } else {
      renamed = MakeEnumValue(prefix, TextOf(original, value));
    }
    renamed.number = value.number;
    renamed.comments = value.comments;
    values.push_back(std::move(renamed));
  }
  return values;
}

class Applier {
 public:
  Applier(const Contract& committed, const Contract& derived, TypeNames& names)
      : committed_(committed),
        derived_(derived),
        names_(names),
        places_(PlacesOf(committed, [](const std::string& message) { return message; })) {
    for (const auto& [derived_type, types] : names.committed_as) {
      used_.insert(types.begin(), types.end());
    }
    for (const auto& [name, message] : committed.messages) used_.insert(name);
    for (const auto& [name, value] : committed.enums) used_.insert(name);
  }

  Contract Run() {
    NameNewTypes();
    Contract result;
    const auto wrappers = WrapperKeys(derived_);
    for (const auto& [name, message] : derived_.messages) {
      if (message.wrapper) {
        Message copy = message;
        Retype(wrappers.count(name) > 0 ? wrappers.at(name) : name, copy);
        result.messages[name] = std::move(copy);
        continue;
      }
      for (const std::string& type : TypesFor(name)) AddMessage(type, message, result);
    }
    for (const auto& [name, value] : derived_.enums) {
      for (const std::string& type : TypesFor(name)) AddEnum(type, value, result);
    }
    for (Service service : derived_.services) {
      for (Method& method : service.methods) {
        if (wrappers.count(method.output) > 0) continue;
        method.output = TypeAt(absl::StrCat("out ", service.name, ".", method.name), method.output);
      }
      result.services.push_back(std::move(service));
    }
    return result;
  }

 private:
  // A new type must not take the name of a different committed type.
  void NameNewTypes() {
    const auto add = [this](const std::string& name, bool wrapper) {
      if (wrapper || names_.committed_as.count(name) > 0) return;
      std::string free = name;
      for (int i = 2; IsOther(free); ++i) free = absl::StrCat(name, i);
      used_.insert(free);
      names_.committed_as[name] = {free};
      const auto numbers = names_.numbers_from.find(name);
      if (numbers == names_.numbers_from.end() || free == name) return;
      names_.numbers_from[free] = numbers->second;
      names_.numbers_from.erase(name);
    };
    for (const auto& [name, message] : derived_.messages) add(name, message.wrapper);
    for (const auto& [name, value] : derived_.enums) add(name, false);
  }

  // Whether the name belongs to another type, so that a new type must not have it. The name of a
  // tombstone is free for a derived type of the same name and kind: that type has come back.
  bool IsOther(const std::string& name) const {
    if (used_.count(name) == 0) return derived_.messages.count(name) > 0 && IsWrapper(name);
    if (const auto message = committed_.messages.find(name); message != committed_.messages.end()) {
      return !message->second.options.GetExtension(gateway::v1::schema).gone() ||
             derived_.messages.count(name) == 0;
    }
    if (const auto value = committed_.enums.find(name); value != committed_.enums.end()) {
      return !value->second.options.GetExtension(gateway::v1::enum_schema).gone() ||
             derived_.enums.count(name) == 0;
    }
    return true;
  }

  bool IsWrapper(const std::string& name) const { return derived_.messages.at(name).wrapper; }

  const std::vector<std::string>& TypesFor(const std::string& derived) const {
    return names_.committed_as.at(derived);
  }

  // The candidates are the types that `derived` stands for (committed_as). Returns the committed
  // type at this place if it is a candidate; otherwise the candidate with the derived name;
  // otherwise the first candidate.
  std::string TypeAt(const std::string& place, const std::string& derived) const {
    const auto types = names_.committed_as.find(derived);
    if (types == names_.committed_as.end()) return derived;
    const auto& all = types->second;
    const auto committed = places_.find(place);
    if (committed != places_.end() &&
        std::find(all.begin(), all.end(), committed->second) != all.end()) {
      return committed->second;
    }
    return std::find(all.begin(), all.end(), derived) != all.end() ? derived : all.front();
  }

  void Retype(const std::string& owner, Message& message) const {
    for (Field& field : message.fields) field.type = TypeAt(PlaceIn(owner, field), field.type);
  }

  void AddMessage(const std::string& name, const Message& original, Contract& result) const {
    Message message = original;
    message.name = name;
    SetUpstreamName(UpstreamNameOf(original), message);
    Retype(name, message);
    result.messages[name] = std::move(message);
  }

  static void AddEnum(const std::string& name, const Enum& original, Contract& result) {
    Enum value = original;
    value.name = name;
    SetUpstreamName(UpstreamNameOf(original), value);
    if (name != original.name) value.values = ValuesNamedAfter(name, original);
    result.enums[name] = std::move(value);
  }

  const Contract& committed_;
  const Contract& derived_;
  TypeNames& names_;
  const Places places_;
  std::set<std::string> used_;
};

}  // namespace

Contract ApplyTypeNames(const Contract& committed, const Contract& derived, TypeNames& names) {
  return Applier(committed, derived, names).Run();
}

Contract WithNumbersFrom(const Contract& committed, const TypeNames& names) {
  Contract result = committed;
  for (const auto& [type, origin] : names.numbers_from) {
    if (const auto found = committed.messages.find(origin); found != committed.messages.end()) {
      Message message = found->second;
      message.name = type;
      message.options.ClearExtension(gateway::v1::schema);
      result.messages.emplace(type, std::move(message));
    } else if (const auto value = committed.enums.find(origin); value != committed.enums.end()) {
      Enum copy = value->second;
      copy.name = type;
      copy.options.ClearExtension(gateway::v1::enum_schema);
      copy.values = ValuesNamedAfter(type, value->second);
      copy.reserved.names.clear();
      result.enums.emplace(type, std::move(copy));
    }
  }
  return result;
}

}  // namespace gateway::apigen

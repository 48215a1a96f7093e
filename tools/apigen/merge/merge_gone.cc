#include "tools/apigen/merge/merge_gone.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/merge/merge_types.h"
#include "tools/apigen/model/places.h"

namespace gateway::apigen {
namespace {

class Keeper {
 public:
  Keeper(const Contract& committed, const Documented& documented,
         const std::set<std::string>& unreadable_routes, Contract& merged)
      : committed_(committed),
        documented_(documented),
        unreadable_routes_(unreadable_routes),
        merged_(merged) {}

  void Run() {
    for (const Service& service : committed_.services) KeepMethods(service);
    KeepTypes();
    for (const auto& [name, message] : merged_.messages) Use(message);
    KeepUsedTypes();
    Bury();
  }

 private:
  void KeepMethods(const Service& service) {
    for (const Method& method : service.methods) {
      if (IsCalled(method)) continue;
      const bool local = method.options.GetExtension(gateway::v1::method).local();
      const std::string route = RouteOf(method);
      const bool documented = documented_.routes.count(route) > 0;
      const bool unreadable = unreadable_routes_.count(route) > 0;
      if (!local && !documented && !unreadable) continue;
      Method kept = method;
      if (documented && !local && !unreadable) {
        kept.options.set_deprecated(true);
        kept.options.MutableExtension(gateway::v1::method)->set_local(true);
      }
      Place(service, std::move(kept));
    }
  }

  // Whether the merged contract has the RPC, under this name or another one.
  bool IsCalled(const Method& method) const {
    const std::string route = RouteOf(method);
    for (const Service& service : merged_.services) {
      for (const Method& other : service.methods) {
        if (other.name == method.name && other.input == method.input) return true;
        if (!route.empty() && RouteOf(other) == route) return true;
      }
    }
    return false;
  }

  // Inserts the method after the committed RPC that it followed.
  void Place(const Service& owner, Method method) {
    types_.push_back(method.input);
    types_.push_back(method.output);
    auto service = std::find_if(merged_.services.begin(), merged_.services.end(),
                                [&](const Service& s) { return s.name == owner.name; });
    if (service == merged_.services.end()) {
      Service copy = owner;
      copy.methods.clear();
      service = merged_.services.insert(merged_.services.end(), std::move(copy));
    }
    auto place = service->methods.begin();
    for (const Method& before : owner.methods) {
      if (before.name == method.name) break;
      const auto found =
          std::find_if(service->methods.begin(), service->methods.end(),
                       [&](const Method& other) { return other.name == before.name; });
      if (found != service->methods.end()) place = found + 1;
    }
    service->methods.insert(place, std::move(method));
  }

  void KeepTypes() {
    for (const auto& [name, message] : committed_.messages) {
      const bool local = message.options.GetExtension(gateway::v1::schema).local();
      if (local) types_.push_back(name);
      if (!local && documented_.schemas.count(name) > 0) KeepDocumented(message);
    }
    for (const auto& [name, value] : committed_.enums) {
      const bool local = value.options.GetExtension(gateway::v1::enum_schema).local();
      if (local) types_.push_back(name);
      if (!local && documented_.schemas.count(name) > 0) KeepDocumented(value);
    }
  }

  void KeepDocumented(Message message) {
    if (merged_.messages.count(message.name) > 0 || IsGone(message)) return;
    message.options.set_deprecated(true);
    message.options.MutableExtension(gateway::v1::schema)->set_local(true);
    Use(message);
    merged_.messages.emplace(message.name, message);
  }

  void KeepDocumented(Enum value) {
    if (merged_.enums.count(value.name) > 0 || IsGone(value)) return;
    value.options.set_deprecated(true);
    value.options.MutableExtension(gateway::v1::enum_schema)->set_local(true);
    merged_.enums.emplace(value.name, value);
  }

  static bool IsGone(const Message& message) {
    return message.options.GetExtension(gateway::v1::schema).gone();
  }
  static bool IsGone(const Enum& value) {
    return value.options.GetExtension(gateway::v1::enum_schema).gone();
  }

  void Use(const Message& message) {
    for (const Field& field : message.fields) types_.push_back(field.type);
  }

  // Adds the committed types that the merged fields and RPCs use and that the derived contract no
  // longer has. Marks them `local`, except wrappers.
  void KeepUsedTypes() {
    const auto wrappers = WrapperKeys(committed_);
    while (!types_.empty()) {
      const std::string type = std::move(types_.back());
      types_.pop_back();
      if (const auto value = committed_.enums.find(type); value != committed_.enums.end()) {
        const auto [kept, added] = merged_.enums.insert(*value);
        if (!added) continue;
        kept->second.options.MutableExtension(gateway::v1::enum_schema)->set_local(true);
      } else if (const auto message = committed_.messages.find(type);
                 message != committed_.messages.end()) {
        const auto [kept, added] = merged_.messages.insert(*message);
        if (!added) continue;
        kept->second.wrapper = wrappers.count(type) > 0;
        if (!kept->second.wrapper) {
          kept->second.options.MutableExtension(gateway::v1::schema)->set_local(true);
        }
        Use(kept->second);
      }
    }
  }

  void Bury() {
    const auto is_free = [this](const std::string& name) {
      return merged_.messages.count(name) == 0 && merged_.enums.count(name) == 0;
    };
    for (const auto& [name, message] : committed_.messages) {
      if (is_free(name)) merged_.messages[name] = IsGone(message) ? message : Tombstone(message);
    }
    for (const auto& [name, value] : committed_.enums) {
      if (is_free(name)) merged_.enums[name] = IsGone(value) ? value : Tombstone(value);
    }
  }

  const Contract& committed_;
  const Documented& documented_;
  const std::set<std::string>& unreadable_routes_;
  Contract& merged_;
  // Types that still have to be kept.
  std::vector<std::string> types_;
};

}  // namespace

void KeepWhatIsGone(const Contract& committed, const Documented& documented,
                    const std::set<std::string>& unreadable_routes, Contract& merged) {
  Keeper(committed, documented, unreadable_routes, merged).Run();
}

void MakeValueNamesUnique(const Contract& committed, Contract& merged) {
  // Maps each value name to the enum that has it.
  std::map<std::string, std::string> owners;
  const auto is_committed = [&](const Enum& owner, const EnumValue& value) {
    const auto before = committed.enums.find(owner.name);
    return before != committed.enums.end() &&
           std::any_of(before->second.values.begin(), before->second.values.end(),
                       [&](const EnumValue& v) {
                         return v.name == value.name && v.number == value.number;
                       });
  };
  for (const auto& [name, owner] : merged.enums) {
    for (const EnumValue& value : owner.values) {
      if (is_committed(owner, value)) owners.emplace(value.name, owner.name);
    }
  }
  for (auto& [name, owner] : merged.enums) {
    const Enum original = owner;
    for (EnumValue& value : owner.values) {
      if (is_committed(original, value)) continue;
      const std::string plain = value.name;
      const std::string text = TextOf(original, value);
      for (int i = 2; !owners.emplace(value.name, owner.name).second; ++i) {
        value.name = absl::StrCat(plain, "_", i);
      }
      if (value.name == plain || value.number == 0) continue;
      value.options.MutableExtension(gateway::v1::value)->set_text(text);
      owner.reserved.names.erase(value.name);
    }
  }
}

}  // namespace gateway::apigen

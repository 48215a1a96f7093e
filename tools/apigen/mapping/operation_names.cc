#include "tools/apigen/mapping/operation_names.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/model/naming.h"

namespace gateway::apigen {
namespace {

struct Committed {
  const Service* service;
  const Method* method;
};

class OperationNamer {
 public:
  OperationNamer(const Lock& lock, const std::string& package, Api& api, Notes& notes)
      : lock_(lock), package_(package), api_(api), notes_(notes) {}

  void Run() {
    IndexCommitted();
    LeaveOutUnlisted();
    std::vector<Operation*> fresh;
    for (Operation& operation : api_.operations) {
      if (!TakeCommittedName(operation)) fresh.push_back(&operation);
    }
    fresh = TakeNamesOfRerouted(std::move(fresh));
    std::map<std::string, int> wanted;
    for (Operation* operation : fresh) {
      NameService(*operation);
      ++wanted[absl::StrCat(operation->service, ".", ShortName(*operation))];
    }
    for (Operation* operation : fresh) NameRpc(*operation, wanted);
  }

 private:
  void IndexCommitted() {
    for (const Operation& operation : api_.operations) routes_.insert(RouteOf(operation));
    for (const Service& service : lock_.contract.services) {
      stems_[service.name] = service.stem;
      for (const Method& method : service.methods) {
        const std::string route = RouteOf(method);
        by_route_.emplace(route, Committed{&service, &method});
        const bool stays =
            routes_.count(route) > 0 || method.options.GetExtension(gateway::v1::method).local();
        if (stays) taken_.insert(absl::StrCat(service.name, ".", method.name));
        by_name_[absl::StrCat(service.name, ".", method.name)] = {&service, &method};
      }
    }
  }

  void LeaveOutUnlisted() {
    const auto left_out = [this](const Operation& operation) {
      const std::string route = RouteOf(operation);
      if (lock_.local_routes.count(route) > 0) {
        notes_.Add(Note::Effect::kKept, operation.pointer, "is served by an RPC kept by hand");
        return true;
      }
      return operation.unlisted && by_route_.count(route) == 0;
    };
    api_.operations.erase(std::remove_if(api_.operations.begin(), api_.operations.end(), left_out),
                          api_.operations.end());
  }

  bool TakeCommittedName(Operation& operation) {
    const auto found = by_route_.find(RouteOf(operation));
    if (found == by_route_.end()) return false;
    Take(found->second, operation);
    by_route_.erase(found);
    const std::string upstream = LastPart(operation.id);
    if (operation.rpc != upstream) {
      notes_.Add(Note::Effect::kNamed, operation.pointer,
                 absl::StrCat(operation.service, ".", operation.rpc, " is called \"", operation.id,
                              "\" upstream"));
    }
    return true;
  }

  static void Take(const Committed& committed, Operation& operation) {
    operation.service = committed.service->name;
    operation.stem = committed.service->stem;
    operation.rpc = committed.method->name;
  }

  // Gives an operation its committed name if only the verb or the path changed: an RPC of this name
  // is committed, and the upstream has no operation with that RPC's verb and path any more. Returns
  // all other operations.
  std::vector<Operation*> TakeNamesOfRerouted(std::vector<Operation*> operations) {
    std::vector<Operation*> rest;
    for (Operation* operation : operations) {
      NameService(*operation);
      const std::string name = absl::StrCat(operation->service, ".", ShortName(*operation));
      const auto committed = by_name_.find(name);
      if (committed == by_name_.end() || !taken_.insert(name).second) {
        rest.push_back(operation);
      } else {
        Take(committed->second, *operation);
      }
    }
    return rest;
  }

  void NameService(Operation& operation) {
    operation.service = absl::StrCat(PascalCase(operation.tag), "Service");
    if (!IsIdentifier(operation.service)) operation.service.insert(0, "Tag");
    const auto committed = stems_.find(operation.service);
    operation.stem =
        committed != stems_.end() ? committed->second : FreeStem(SnakeCase(operation.tag));
  }

  // Returns the name for a new service's file. Adds a suffix if `wanted` is the name of a shared
  // file of apigen or of a file that a person wrote.
  std::string FreeStem(const std::string& wanted) const {
    static const std::set<std::string> kShared = {"types", "unlisted", "gone", ""};
    const auto file = lock_.files.find(absl::StrCat(PackagePath(package_), "/", wanted, ".proto"));
    const bool by_hand = file != lock_.files.end() && !file->second.ours;
    return by_hand || kShared.count(wanted) > 0 ? absl::StrCat(wanted, "_operations") : wanted;
  }

  static std::string ShortName(const Operation& operation) {
    const std::string name = PascalCase(LastPart(operation.id));
    return IsIdentifier(name) ? name : PascalCase(absl::StrCat(operation.verb, "-", operation.id));
  }

  void NameRpc(Operation& operation, const std::map<std::string, int>& wanted) {
    const std::string plain = ShortName(operation);
    const std::string whole = PascalCase(operation.id);
    std::vector<std::string> names;
    if (wanted.at(absl::StrCat(operation.service, ".", plain)) == 1) names.push_back(plain);
    names.push_back(whole);
    names.push_back(PascalCase(absl::StrCat(operation.verb, "-", operation.id)));
    names.push_back(PascalCase(absl::StrCat(operation.id, "-", RouteOf(operation))));
    for (const std::string& name : names) {
      if (!IsIdentifier(name)) continue;
      if (!taken_.insert(absl::StrCat(operation.service, ".", name)).second) continue;
      operation.rpc = name;
      break;
    }
    if (operation.rpc != plain) {
      notes_.Add(Note::Effect::kNamed, operation.pointer,
                 absl::StrCat("\"", plain, "\" is taken; the RPC is ", operation.service, ".",
                              operation.rpc));
    }
  }

  const Lock& lock_;
  const std::string& package_;
  Api& api_;
  Notes& notes_;
  std::set<std::string> routes_;
  std::map<std::string, Committed> by_route_;
  std::map<std::string, Committed> by_name_;
  std::map<std::string, std::string> stems_;
  // The taken names, as "Service.Rpc".
  std::set<std::string> taken_;
};

}  // namespace

void NameOperations(const Lock& lock, const std::string& package, Api& api, Notes& notes) {
  OperationNamer(lock, package, api, notes).Run();
}

std::string LastPart(const std::string& operation_id) {
  return operation_id.substr(operation_id.rfind('_') + 1);
}

}  // namespace gateway::apigen

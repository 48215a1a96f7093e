#include "tools/apigen/merge.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tools/apigen/http_rule.h"
#include "tools/apigen/merge_types.h"

namespace gateway::apigen {
namespace {

bool ReplyIsByHand(const Method& committed) {
  const auto& rules = committed.options.GetExtension(gateway::v1::method);
  return rules.local_reply() || rules.array_or_object();
}

// Whether the reply was made for this RPC: it holds the upstream's reply in one of its fields.
bool ReplyIsWrapped(const Method& method) {
  return !method.options.GetExtension(google::api::http).response_body().empty();
}

// Committed methods by "Service.Method", and by how the upstream is called.
class CommittedMethods {
 public:
  CommittedMethods(const Contract& committed, const Contract& derived) {
    for (const Service& service : committed.services) {
      for (const Method& method : service.methods) {
        by_name_[absl::StrCat(service.name, ".", method.name)] = &method;
      }
    }
    for (const auto& [name, method] : by_name_) {
      if (!IsIn(derived, name)) by_route_[RouteOf(*method)] = method;
    }
  }

  const Method* SameName(const Service& service, const Method& method) const {
    return Find(by_name_, absl::StrCat(service.name, ".", method.name));
  }

  // The one of this name, or one that lost its name but calls the same route.
  const Method* SameOperation(const Service& service, const Method& method) const {
    const Method* same_name = SameName(service, method);
    return same_name != nullptr ? same_name : Find(by_route_, RouteOf(method));
  }

 private:
  using Index = std::map<std::string, const Method*>;

  static const Method* Find(const Index& index, const std::string& key) {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : found->second;
  }

  static bool IsIn(const Contract& contract, const std::string& full_name) {
    for (const Service& service : contract.services) {
      for (const Method& method : service.methods) {
        if (absl::StrCat(service.name, ".", method.name) == full_name) return true;
      }
    }
    return false;
  }

  Index by_name_;
  Index by_route_;
};

class Merger {
 public:
  Merger(const Contract& committed, Contract derived)
      : committed_(committed), derived_(std::move(derived)), methods_(committed, derived_) {}

  Contract Run() {
    KeepWrapperNames();
    for (Service& service : derived_.services) MergeService(service);
    for (auto& [name, message] : derived_.messages) MergeOne(name, message);
    for (auto& [name, derived] : derived_.enums) {
      const auto old = committed_.enums.find(name);
      if (old != committed_.enums.end()) derived = MergeEnum(old->second, derived);
    }
    KeepWhatHandDecisionsUse();
    return std::move(derived_);
  }

 private:
  // A request or reply that was named for its RPC keeps that name, also when the rule would name it
  // otherwise today.
  void KeepWrapperNames() {
    for (Service& service : derived_.services) {
      for (Method& method : service.methods) {
        const Method* old = methods_.SameName(service, method);
        if (old == nullptr) continue;
        Rename(old->input, method.input);
        if (ReplyIsWrapped(*old)) Rename(old->output, method.output);
      }
    }
  }

  void Rename(const std::string& committed_name, std::string& name) {
    if (!IsWrapper(name) || committed_.messages.count(committed_name) == 0) return;
    // By now it may be the name of a schema.
    if (derived_.messages.count(committed_name) > 0) return;
    auto node = derived_.messages.extract(name);
    node.key() = committed_name;
    node.mapped().name = committed_name;
    derived_.messages.insert(std::move(node));
    name = committed_name;
  }

  bool IsWrapper(const std::string& name) const {
    const auto found = derived_.messages.find(name);
    return found != derived_.messages.end() && found->second.wrapper;
  }

  void MergeService(Service& service) {
    const auto old = std::find_if(committed_.services.begin(), committed_.services.end(),
                                  [&](const Service& s) { return s.name == service.name; });
    for (Method& method : service.methods) MergeMethod(service, method);
    if (old == committed_.services.end()) return;
    service.comments = old->comments;
    service.options = old->options;
    service.methods = InCommittedOrder(*old, std::move(service.methods));
  }

  // Committed RPCs stay in their order; a new one follows the one that it follows upstream.
  static std::vector<Method> InCommittedOrder(const Service& committed,
                                              std::vector<Method> derived) {
    std::vector<Method> ordered;
    const auto find = [](std::vector<Method>& methods, const std::string& name) {
      return std::find_if(methods.begin(), methods.end(),
                          [&](const Method& method) { return method.name == name; });
    };
    for (const Method& old : committed.methods) {
      const auto found = find(derived, old.name);
      if (found != derived.end()) ordered.push_back(*found);
    }
    for (size_t i = 0; i < derived.size(); ++i) {
      if (find(ordered, derived[i].name) != ordered.end()) continue;
      const auto place = i == 0 ? ordered.begin() : std::next(find(ordered, derived[i - 1].name));
      ordered.insert(place, derived[i]);
    }
    return ordered;
  }

  void MergeMethod(const Service& service, Method& method) {
    const Method* old = methods_.SameOperation(service, method);
    if (old == nullptr) return;
    committed_name_[method.input] = old->input;
    if (IsWrapper(method.output) && ReplyIsWrapped(*old)) {
      committed_name_[method.output] = old->output;
    }
    method.comments = old->comments;
    google::protobuf::MethodOptions options = old->options;
    google::api::HttpRule rule = method.options.GetExtension(google::api::http);
    const google::api::HttpRule& old_rule = old->options.GetExtension(google::api::http);
    if (TargetOf(rule).verb != TargetOf(old_rule).verb) {
      // What was safe to repeat under the old verb need not be under the new one.
      options.clear_idempotency_level();
      if (method.options.has_idempotency_level()) {
        options.set_idempotency_level(method.options.idempotency_level());
      }
    }
    if (ReplyIsByHand(*old)) KeepReply(*old, method, rule);
    *options.MutableExtension(google::api::http) = std::move(rule);
    method.options = std::move(options);
  }

  void KeepReply(const Method& old, Method& method, google::api::HttpRule& rule) {
    if (method.output != old.output && IsWrapper(method.output)) {
      derived_.messages.erase(method.output);
    }
    method.output = old.output;
    rule.set_response_body(old.options.GetExtension(google::api::http).response_body());
    const auto by_hand = committed_.messages.find(old.output);
    if (by_hand == committed_.messages.end()) return;
    const auto [reply, added] = derived_.messages.insert(*by_hand);
    if (added) reply->second.wrapper = ReplyIsWrapped(old);
  }

  void MergeOne(const std::string& name, Message& message) {
    const auto renamed = committed_name_.find(name);
    const auto old = committed_.messages.find(
        message.wrapper && renamed != committed_name_.end() ? renamed->second : name);
    if (old != committed_.messages.end()) message = MergeMessage(old->second, message);
  }

  // Local fields and replies by hand may be of types that no contract has, or has no longer.
  void KeepWhatHandDecisionsUse() {
    std::vector<std::string> types;
    const auto add_fields = [&](const Message& message) {
      for (const Field& field : message.fields) types.push_back(field.type);
    };
    for (const auto& [name, message] : derived_.messages) add_fields(message);
    while (!types.empty()) {
      const std::string type = std::move(types.back());
      types.pop_back();
      if (const auto value = committed_.enums.find(type); value != committed_.enums.end()) {
        derived_.enums.insert(*value);
      } else if (const auto message = committed_.messages.find(type);
                 message != committed_.messages.end() &&
                 derived_.messages.insert(*message).second) {
        add_fields(message->second);
      }
    }
  }

  const Contract& committed_;
  Contract derived_;
  CommittedMethods methods_;
  // Wrapper messages as they are called now, to what they were committed as.
  std::map<std::string, std::string> committed_name_;
};

}  // namespace

Contract Merge(const Contract& committed, Contract derived) {
  return Merger(committed, std::move(derived)).Run();
}

}  // namespace gateway::apigen

#include "tools/apigen/merge/merge.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tools/apigen/merge/accessor_names.h"
#include "tools/apigen/merge/merge_gone.h"
#include "tools/apigen/merge/merge_types.h"
#include "tools/apigen/model/http_rule.h"
#include "tools/apigen/model/reach.h"
#include "tools/apigen/model/well_known_types.h"

namespace gateway::apigen {
namespace {

bool ReplyIsByHand(const Method& committed) {
  const auto& rules = committed.options.GetExtension(gateway::v1::method);
  return rules.local_reply() || rules.array_or_object();
}

// Whether the reply message was made for this RPC, to hold the upstream's reply in one field.
bool ReplyIsWrapped(const Method& method) {
  return !method.options.GetExtension(google::api::http).response_body().empty();
}

// Finds committed methods by "Service.Method". If no derived method has that name, finds them by
// route as well.
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

  // Returns the method of this name, or else one with another name that calls the same route; null
  // if there is neither.
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
  explicit Merger(MergeInput input)
      : input_(std::move(input)),
        committed_(WithNumbersFrom(input_.committed, input_.names)),
        derived_(std::move(input_.derived)),
        methods_(committed_, derived_) {}

  Contract Run() {
    KeepWrapperNames();
    reach_.emplace(derived_);
    for (Service& service : derived_.services) MergeService(service);
    for (auto& [name, message] : derived_.messages) MergeOne(name, message);
    for (auto& [name, derived] : derived_.enums) {
      const auto old = committed_.enums.find(name);
      if (old == committed_.enums.end()) continue;
      derived = MergeEnum(old->second, derived, DocumentedMembers(old->second));
    }
    KeepWhatIsGone(input_.committed, input_.documented, input_.unreadable_routes, derived_);
    MakeValueNamesUnique(input_.committed, derived_);
    MakeAccessorsUnique(input_.committed, derived_);
    return std::move(derived_);
  }

 private:
  // A request or reply message that was made for one RPC keeps its committed name, even if apigen's
  // rules would give it another name today.
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
    // The committed name may be the name of a schema by now.
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

  // Committed RPCs keep their order. A new RPC is put behind the RPC that precedes it upstream.
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
    google::api::HttpRule rule = method.options.GetExtension(google::api::http);
    google::protobuf::MethodOptions options = MergeOptions(*old, method);
    KeepPathNames(*old, method.input, rule);
    if (ReplyIsByHand(*old)) KeepReply(*old, method, rule);
    *options.MutableExtension(google::api::http) = std::move(rule);
    method.options = std::move(options);
  }

  static google::protobuf::MethodOptions MergeOptions(const Method& old, const Method& derived) {
    google::protobuf::MethodOptions options = old.options;
    const auto& rule = derived.options.GetExtension(google::api::http);
    const auto& old_rule = old.options.GetExtension(google::api::http);
    if (TargetOf(rule).verb != TargetOf(old_rule).verb) {
      // A call that was safe to repeat with the old verb may not be with the new one.
      options.clear_idempotency_level();
      if (derived.options.has_idempotency_level()) {
        options.set_idempotency_level(derived.options.idempotency_level());
      }
    }
    gateway::v1::MethodRules rules = options.GetExtension(gateway::v1::method);
    const auto& stated = derived.options.GetExtension(gateway::v1::method);
    // A local RPC was deprecated because the upstream had removed it. Now the upstream has it
    // again.
    if (rules.local()) options.clear_deprecated();
    if (derived.options.deprecated()) options.set_deprecated(true);
    rules.clear_local();
    rules.set_operation_id(stated.operation_id());
    if (stated.reply_may_be_empty()) rules.set_reply_may_be_empty(true);
    if (rules.ByteSizeLong() == 0) {
      options.ClearExtension(gateway::v1::method);
    } else {
      *options.MutableExtension(gateway::v1::method) = std::move(rules);
    }
    return options;
  }

  // Keeps the committed names of path parameters. A parameter that the upstream has only renamed is
  // recognized by its position in the path.
  void KeepPathNames(const Method& old, const std::string& input, google::api::HttpRule& rule) {
    const HttpTarget before = TargetOf(old.options.GetExtension(google::api::http));
    HttpTarget target = TargetOf(rule);
    if (RouteText("", before.path) != RouteText("", target.path)) return;
    auto request = derived_.messages.find(input);
    if (request == derived_.messages.end()) return;
    const std::vector<std::string> old_names = VariablesOf(before.path);
    const std::vector<std::string> names = VariablesOf(target.path);
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == old_names[i]) continue;
      auto& fields = request->second.fields;
      const auto named = [&fields](const std::string& name) {
        return std::find_if(fields.begin(), fields.end(),
                            [&](const Field& field) { return field.name == name; });
      };
      if (named(old_names[i]) != fields.end()) continue;
      named(names[i])->name = old_names[i];
      target.path = absl::StrReplaceAll(
          target.path, {{absl::StrCat("{", names[i], "}"), absl::StrCat("{", old_names[i], "}")}});
    }
    SetTarget(target.verb, target.path, rule);
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
    if (old == committed_.messages.end()) return;
    FieldMatching matching;
    matching.sent = reach_->IsSent(name);
    matching.sent_to_create = reach_->IsSentToCreate(name);
    matching.same_bytes = [this](const std::string& before, const std::string& now) {
      return SameBytes(before, now);
    };
    if (message.wrapper) {
      matching.committed_key = WrapperKey(old->first, committed_);
      matching.derived_key = WrapperKey(name, derived_);
    }
    message = MergeMessage(old->second, message, matching, DocumentedMembers(old->second));
  }

  // Returns the function that gives each field of the wrapper the key by which its committed and
  // its derived form are matched. The key of a query field is its wire name. A field of the path or
  // the body has another key, so it is never matched with a query field of the same wire name.
  static std::function<std::string(const Field&)> WrapperKey(const std::string& wrapper,
                                                             const Contract& contract) {
    std::set<std::string> in_path;
    std::set<std::string> bodies;
    for (const Service& service : contract.services) {
      for (const Method& method : service.methods) {
        if (method.input != wrapper) continue;
        const google::api::HttpRule& rule = method.options.GetExtension(google::api::http);
        for (const std::string& name : VariablesOf(TargetOf(rule).path)) in_path.insert(name);
        bodies.insert(rule.body());
      }
    }
    return [in_path, bodies](const Field& field) {
      if (in_path.count(field.name) > 0) return absl::StrCat("path ", field.name);
      if (bodies.count(field.name) > 0) return absl::StrCat("body ", field.name);
      return field.type == kFieldMaskType ? std::string("mask") : WireNameOf(field);
    };
  }

  bool SameBytes(const std::string& before, const std::string& now) const {
    const auto origin = input_.names.numbers_from.find(now);
    if (origin != input_.names.numbers_from.end() && origin->second == before) return true;
    const auto old_message = committed_.messages.find(before);
    const auto new_message = committed_.messages.find(now);
    if (old_message != committed_.messages.end() && new_message != committed_.messages.end()) {
      return HasNumbersOf(old_message->second, new_message->second);
    }
    const auto old_enum = committed_.enums.find(before);
    const auto new_enum = committed_.enums.find(now);
    return old_enum != committed_.enums.end() && new_enum != committed_.enums.end() &&
           HasNumbersOf(old_enum->second, new_enum->second);
  }

  template <typename Type>
  const std::set<std::string>& DocumentedMembers(const Type& type) const {
    static const std::set<std::string>& none = *new std::set<std::string>();
    const auto& schemas = input_.documented.schemas;
    const auto found = schemas.find(type.name);
    return found == schemas.end() ? none : found->second;
  }

  MergeInput input_;
  const Contract committed_;
  Contract derived_;
  CommittedMethods methods_;
  std::optional<Reach> reach_;
  // Maps the present name of each wrapper message to its committed name.
  std::map<std::string, std::string> committed_name_;
};

}  // namespace

Contract Merge(MergeInput input) { return Merger(std::move(input)).Run(); }

}  // namespace gateway::apigen

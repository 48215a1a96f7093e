#include "upstream/mapping/route_compiler.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/api/annotations.pb.h"
#include "upstream/mapping/credential.h"
#include "upstream/mapping/error_body.h"
#include "upstream/mapping/form.h"

namespace gateway::mapping {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::MethodDescriptor;

constexpr absl::string_view kFieldMask = "google.protobuf.FieldMask";
constexpr absl::string_view kEmpty = "google.protobuf.Empty";

class RouteCompiler {
 public:
  RouteCompiler(const MethodDescriptor& method, const ConfiguredProvider& provider, Plans& plans,
                google::protobuf::MessageFactory& messages)
      : method_(method),
        rule_(method.options().GetExtension(google::api::http)),
        overrides_(*provider.overrides),
        plans_(plans),
        messages_(messages) {
    route_.provider = provider.provider;
  }

  absl::StatusOr<Route> Compile() {
    if (method_.client_streaming() || method_.server_streaming()) {
      return Bad("streaming has no REST mapping");
    }
    if (rule_.additional_bindings_size() > 0) return Bad("additional_bindings are not supported");
    route_.full_name = method_.full_name();
    route_.service = method_.service()->full_name();
    route_.rpc_path = absl::StrCat("/", route_.service, "/", method_.name());
    route_.access =
        method_.options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS
            ? Access::kRead
            : Access::kWrite;
    route_.credential =
        HasCredential(*method_.input_type()) || HasCredential(*method_.output_type());
    using Step = absl::Status (RouteCompiler::*)();
    constexpr Step kSteps[] = {&RouteCompiler::Request, &RouteCompiler::Verb,
                               &RouteCompiler::Places,  &RouteCompiler::Mask,
                               &RouteCompiler::Reply,   &RouteCompiler::Idempotency,
                               &RouteCompiler::Ledger};
    for (const Step step : kSteps) {
      const absl::Status status = (this->*step)();
      if (!status.ok()) return status;
    }
    route_.request_prototype = messages_.GetPrototype(method_.input_type());
    return route_;
  }

 private:
  absl::Status Bad(absl::string_view reason) const {
    return absl::InvalidArgumentError(absl::StrCat(method_.full_name(), ": ", reason));
  }

  absl::StatusOr<const MessagePlan*> CompileType(const Descriptor& type) {
    absl::StatusOr<const MessagePlan*> plan = plans_.Compile(type);
    if (!plan.ok()) return Bad(plan.status().message());
    return plan;
  }

  absl::Status Request() {
    absl::StatusOr<const MessagePlan*> plan = CompileType(*method_.input_type());
    if (!plan.ok()) return plan.status();
    route_.request = *plan;
    route_.places.assign(route_.request->fields.size(), Place::kQuery);
    if (!route_.provider->tenant_field().empty()) {
      route_.tenant = route_.request->ByName(route_.provider->tenant_field());
    }
    return absl::OkStatus();
  }

  absl::Status Verb() {
    switch (rule_.pattern_case()) {
      case google::api::HttpRule::kGet:
        return Path(http::Method::kGet, rule_.get());
      case google::api::HttpRule::kPut:
        return Path(http::Method::kPut, rule_.put());
      case google::api::HttpRule::kPost:
        return Path(http::Method::kPost, rule_.post());
      case google::api::HttpRule::kDelete:
        return Path(http::Method::kDelete, rule_.delete_());
      case google::api::HttpRule::kPatch:
        return Path(http::Method::kPatch, rule_.patch());
      default:
        return Bad("the http rule needs one of get, put, post, delete, patch");
    }
  }

  // Checks the path of the proto, and then replaces it by the path that the configuration gives.
  absl::Status Path(http::Method method, absl::string_view text) {
    VerbAndPath stated{method, std::string(text)};
    absl::Status status = Path(stated, Place::kNowhere);
    if (!status.ok()) return status;
    const auto configured = overrides_.operations.find(method_.full_name());
    if (configured == overrides_.operations.end()) {
      stated.path = ReplacePrefix(overrides_, text);
    } else {
      absl::StatusOr<VerbAndPath> given = ParseVerbAndPath(configured->second);
      if (!given.ok()) return Bad(given.status().message());
      stated = *std::move(given);
    }
    status = Path(stated, Place::kPath);
    if (!status.ok()) return status;
    for (const FieldPlan& field : route_.request->fields) {
      if (route_.places[field.index] != Place::kNowhere || &field == route_.tenant) continue;
      return Bad(absl::StrCat(field.name, " has no place in the configured path"));
    }
    return absl::OkStatus();
  }

  // Compiles the path. Each field that the path names gets this `place`.
  absl::Status Path(const VerbAndPath& stated, Place place) {
    route_.method = stated.method;
    route_.path.clear();
    absl::StatusOr<PathTemplate> parsed = PathTemplate::Parse(stated.path);
    if (!parsed.ok()) return Bad(parsed.status().message());
    for (PathTemplate::Part& part : parsed->parts) {
      Route::PathPart compiled{std::move(part.literal), nullptr};
      if (!part.field.empty()) {
        const FieldPlan* field = route_.request->ByName(part.field);
        if (field == nullptr)
          return Bad(absl::StrCat("path field ", part.field, " does not exist"));
        if (!IsPathType(*field)) return Bad(absl::StrCat(part.field, " cannot stand in a path"));
        if (!field->required && field != route_.tenant)
          return Bad(absl::StrCat("path field ", part.field, " must be required"));
        route_.places[field->index] = place;
        compiled.field = field;
      }
      route_.path.push_back(std::move(compiled));
    }
    return absl::OkStatus();
  }

  static bool IsPathType(const FieldPlan& field) {
    return field.cardinality == Cardinality::kSingular &&
           (field.kind == Kind::kString || field.kind == Kind::kInt32 ||
            field.kind == Kind::kInt64);
  }

  absl::Status Places() {
    absl::Status status = Body();
    if (!status.ok()) return status;
    if (route_.tenant != nullptr && route_.places[route_.tenant->index] != Place::kPath) {
      Place& place = route_.places[route_.tenant->index];
      if (place != Place::kNowhere && !route_.tenant->local) {
        return Bad(absl::StrCat("the tenant field ", route_.tenant->name,
                                " must stand in the path, or be local"));
      }
      place = Place::kNowhere;
    }
    for (const FieldPlan& field : route_.request->fields) {
      if (IsMask(field)) {
        if (&field == route_.body)
          return Bad(absl::StrCat(field.name, " is a field mask, and no body"));
        if (route_.mask != nullptr) return Bad(absl::StrCat(field.name, " is a second field mask"));
        route_.places[field.index] = Place::kMask;
        route_.mask = &field;
      } else if (route_.places[field.index] == Place::kQuery && !IsQueryType(field)) {
        return Bad(absl::StrCat(field.name, " cannot stand in a query; is `body` missing?"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Body() {
    if (rule_.body().empty()) return absl::OkStatus();
    const bool form = route_.provider->encoding() == v1::FORM;
    const bool get = route_.method == http::Method::kGet;
    if (get && !form) return Bad("a GET has no body");
    route_.body_form = get ? BodyForm::kQuery : form ? BodyForm::kForm : BodyForm::kJson;
    route_.body = route_.request->ByName(rule_.body());
    if (route_.body == nullptr) {
      return Bad(
          absl::StrCat("body field ", rule_.body(), " does not exist (`*` is not supported)"));
    }
    if (route_.body->cardinality == Cardinality::kSingular && route_.body->message == nullptr) {
      return Bad("the body must be a message, a list or a map");
    }
    route_.places[route_.body->index] = Place::kBody;
    return form ? Form() : absl::OkStatus();
  }

  absl::Status Form() {
    if (route_.body->cardinality != Cardinality::kSingular) {
      return Bad("the body must be a message: a form has names for all values");
    }
    const std::string problem = CheckForm(route_.provider->keys(), *route_.body->message);
    return problem.empty() ? absl::OkStatus() : Bad(absl::StrCat("in a form, ", problem));
  }

  static bool IsMask(const FieldPlan& field) {
    return field.cardinality == Cardinality::kSingular && field.message != nullptr &&
           field.message->full_name == kFieldMask;
  }

  // Whether a query can hold the field: a scalar, a list, or an object if the provider's key style
  // has names for its members.
  bool IsQueryType(const FieldPlan& field) const {
    const v1::KeyStyle& keys = route_.provider->keys();
    if (field.kind == Kind::kMessage && field.cardinality == Cardinality::kSingular) {
      return keys.members() != v1::MEMBERS_UNSPECIFIED && CheckForm(keys, *field.message).empty();
    }
    return field.cardinality != Cardinality::kMap && field.kind <= Kind::kTimestamp;
  }

  absl::Status Mask() {
    if (route_.mask == nullptr) return absl::OkStatus();
    const bool message_body = route_.body != nullptr && route_.body->message != nullptr &&
                              route_.body->cardinality == Cardinality::kSingular;
    if (!message_body) return Bad("a field mask needs a message as body");
    if (route_.body_form != BodyForm::kJson)
      return Bad("a field mask needs JSON: a form has no null");
    return absl::OkStatus();
  }

  absl::Status Idempotency() {
    route_.idempotency_key = method_.options().GetExtension(v1::method).idempotency_key();
    if (route_.idempotency_key && !route_.provider->has_idempotency_key()) {
      return Bad("the provider has no idempotency key");
    }
    return absl::OkStatus();
  }

  absl::Status Ledger() {
    if (!method_.options().GetExtension(v1::method).has_once()) return absl::OkStatus();
    if (route_.access == Access::kRead) return Bad("once: a read happens to nobody");
    absl::StatusOr<Once> once = CompileOnce(method_, route_.credential, messages_);
    if (!once.ok()) return Bad(once.status().message());
    route_.once = *std::move(once);
    return absl::OkStatus();
  }

  absl::Status Reply() {
    const bool array_or_object = method_.options().GetExtension(v1::method).array_or_object();
    if (method_.output_type()->full_name() == kEmpty) {
      if (!rule_.response_body().empty()) return Bad("an empty reply has no response_body");
      return array_or_object ? Bad("array_or_object needs response_body") : absl::OkStatus();
    }
    absl::StatusOr<const MessagePlan*> plan = CompileType(*method_.output_type());
    if (!plan.ok()) return plan.status();
    route_.reply = *plan;
    route_.reply_shape = ReplyShape::kMessage;
    if (!rule_.response_body().empty()) {
      route_.reply_field = route_.reply->ByName(rule_.response_body());
      if (route_.reply_field == nullptr) {
        return Bad(absl::StrCat("response_body field ", rule_.response_body(), " does not exist"));
      }
      route_.reply_shape = array_or_object ? ReplyShape::kArrayOrObject : ReplyShape::kField;
    }
    if (array_or_object && (route_.reply_field == nullptr ||
                            route_.reply_field->cardinality != Cardinality::kRepeated)) {
      return Bad("array_or_object needs a repeated response_body");
    }
    route_.reply_may_be_empty = method_.options().GetExtension(v1::method).reply_may_be_empty();
    route_.telling = TellingFields();
    return absl::OkStatus();
  }

  // Computes Route::telling, for the message that a JSON object is read into.
  FieldSet TellingFields() const {
    const MessagePlan* const object =
        route_.reply_field == nullptr ? route_.reply : route_.reply_field->message;
    FieldSet telling;
    FieldSet all;
    if (object == nullptr) return all;
    bool any = false;
    for (const FieldPlan& field : object->fields) {
      if (field.rest) continue;
      all.Insert(field.index);
      if (IsErrorMember(*route_.provider, field.wire_name)) continue;
      telling.Insert(field.index);
      any = true;
    }
    return any ? telling : all;
  }

  const MethodDescriptor& method_;
  const google::api::HttpRule& rule_;
  const ProfileOverrides& overrides_;
  Plans& plans_;
  google::protobuf::MessageFactory& messages_;
  Route route_;
};

}  // namespace

absl::StatusOr<Route> CompileRoute(const MethodDescriptor& method,
                                   const ConfiguredProvider& provider, Plans& plans,
                                   google::protobuf::MessageFactory& messages) {
  return RouteCompiler(method, provider, plans, messages).Compile();
}

}  // namespace gateway::mapping

#include "upstream/mapping/route.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "google/api/annotations.pb.h"

namespace gateway::mapping {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr absl::string_view kFieldMask = "google.protobuf.FieldMask";
constexpr absl::string_view kEmpty = "google.protobuf.Empty";

// Compiles one method. Kept apart from the table so that a half-made route never shows.
class RouteCompiler {
 public:
  RouteCompiler(const MethodDescriptor& method, const v1::Provider& provider, Plans& plans)
      : method_(method), rule_(method.options().GetExtension(google::api::http)), plans_(plans) {
    route_.provider = &provider;
  }

  absl::StatusOr<Route> Compile() {
    if (method_.client_streaming() || method_.server_streaming()) {
      return Bad("streaming has no REST mapping");
    }
    if (rule_.additional_bindings_size() > 0) return Bad("additional_bindings are not supported");
    route_.full_name = method_.full_name();
    route_.service = method_.service()->full_name();
    route_.rpc_path = absl::StrCat("/", route_.service, "/", method_.name());
    route_.read =
        method_.options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
    using Step = absl::Status (RouteCompiler::*)();
    constexpr Step kSteps[] = {&RouteCompiler::Request, &RouteCompiler::Verb,
                               &RouteCompiler::Places, &RouteCompiler::Mask, &RouteCompiler::Reply};
    for (const Step step : kSteps) {
      const absl::Status status = (this->*step)();
      if (!status.ok()) return status;
    }
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

  absl::Status Path(http::Method method, absl::string_view text) {
    route_.method = method;
    absl::StatusOr<PathTemplate> parsed = PathTemplate::Parse(text);
    if (!parsed.ok()) return Bad(parsed.status().message());
    for (PathTemplate::Part& part : parsed->parts) {
      Route::PathPart compiled{std::move(part.literal), nullptr};
      if (!part.field.empty()) {
        const FieldPlan* field = route_.request->ByName(part.field);
        if (field == nullptr)
          return Bad(absl::StrCat("path field ", part.field, " does not exist"));
        if (!IsPathType(*field)) return Bad(absl::StrCat(part.field, " cannot stand in a path"));
        if (!field->required)
          return Bad(absl::StrCat("path field ", part.field, " must be required"));
        route_.places[field->index] = Place::kPath;
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
    if (!rule_.body().empty()) {
      if (route_.method == http::Method::kGet) return Bad("a GET has no body");
      route_.body = route_.request->ByName(rule_.body());
      if (route_.body == nullptr) {
        return Bad(
            absl::StrCat("body field ", rule_.body(), " does not exist (`*` is not supported)"));
      }
      if (route_.body->cardinality == Cardinality::kSingular && route_.body->message == nullptr) {
        return Bad("the body must be a message, a list or a map");
      }
      route_.places[route_.body->index] = Place::kBody;
    }
    if (route_.tenant != nullptr && route_.places[route_.tenant->index] != Place::kPath) {
      return Bad(absl::StrCat("the tenant field ", route_.tenant->name, " must stand in the path"));
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

  static bool IsMask(const FieldPlan& field) {
    return field.cardinality == Cardinality::kSingular && field.message != nullptr &&
           field.message->full_name == kFieldMask;
  }

  static bool IsQueryType(const FieldPlan& field) {
    return field.cardinality != Cardinality::kMap && field.kind <= Kind::kTimestamp;
  }

  absl::Status Mask() {
    if (route_.mask == nullptr) return absl::OkStatus();
    const bool message_body = route_.body != nullptr && route_.body->message != nullptr &&
                              route_.body->cardinality == Cardinality::kSingular;
    return message_body ? absl::OkStatus() : Bad("a field mask needs a message as body");
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
    return absl::OkStatus();
  }

  const MethodDescriptor& method_;
  const google::api::HttpRule& rule_;
  Plans& plans_;
  Route route_;
};

using ProviderByPackage = absl::flat_hash_map<std::string, const v1::Provider*>;

absl::StatusOr<ProviderByPackage> FindProviders(const std::vector<const FileDescriptor*>& files) {
  ProviderByPackage providers;
  for (const FileDescriptor* file : files) {
    if (!file->options().HasExtension(v1::provider)) continue;
    const v1::Provider& provider = file->options().GetExtension(v1::provider);
    if (provider.name().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(file->name(), ": the provider has no name"));
    }
    if (!providers.emplace(file->package(), &provider).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(file->name(), ": package ", file->package(), " has two providers"));
    }
  }
  return providers;
}

std::vector<const ServiceDescriptor*> SortedServices(
    const std::vector<const FileDescriptor*>& files) {
  std::vector<const ServiceDescriptor*> services;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  std::sort(services.begin(), services.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
  return services;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const RouteTable>> RouteTable::Compile(
    const std::vector<const FileDescriptor*>& files) {
  absl::StatusOr<ProviderByPackage> providers = FindProviders(files);
  if (!providers.ok()) return providers.status();
  std::unique_ptr<RouteTable> table(new RouteTable);
  for (const ServiceDescriptor* service : SortedServices(files)) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      if (!method.options().HasExtension(google::api::http)) continue;
      const auto provider = providers->find(service->file()->package());
      if (provider == providers->end()) {
        return absl::InvalidArgumentError(absl::StrCat(method.full_name(), ": no file of package ",
                                                       service->file()->package(),
                                                       " has a (gateway.v1.provider) option"));
      }
      absl::StatusOr<Route> route =
          RouteCompiler(method, *provider->second, table->plans_).Compile();
      if (!route.ok()) return route.status();
      route->request_prototype = table->messages_.GetPrototype(method.input_type());
      table->routes_.push_back(*std::move(route));
    }
  }
  return table;
}

}  // namespace gateway::mapping

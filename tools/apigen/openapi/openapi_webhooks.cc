#include "tools/apigen/openapi/openapi_webhooks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tools/apigen/model/naming.h"
#include "tools/apigen/openapi/openapi_schema.h"

namespace gateway::apigen {
namespace {

std::string BodyName(const std::string& event) {
  absl::string_view name = event;
  absl::ConsumePrefix(&name, "ON_");
  return absl::StrCat(PascalCase(absl::AsciiStrToLower(name)), "Body");
}

// Returns the first JSON schema of the request that the upstream sends.
std::optional<Node> PayloadOf(const Node& event, JsonReader& reader) {
  const auto post = reader.Find(event, "post");
  const auto body = post ? reader.Find(*post, "requestBody") : std::nullopt;
  const auto content = body ? reader.Find(reader.Resolve(*body), "content") : std::nullopt;
  if (!content || !reader.IsObject(*content)) return std::nullopt;
  for (const auto& [media_type, unused] : content->json->items()) {
    if (!absl::EndsWith(media_type, "json")) continue;
    return reader.Find(reader.Require(*content, media_type), "schema");
  }
  return std::nullopt;
}

void AddBody(const std::string& event, Schema payload, Api& api) {
  for (const Property& property : payload.properties) {
    if (property.name == "body") {
      payload = Schema(property.schema);
      break;
    }
  }
  if (payload.kind != Schema::Kind::kObject) return;
  for (const NamedSchema& known : api.schemas) {
    if (SameShape(known.schema, payload)) return;
  }
  api.schemas.push_back({BodyName(event), std::move(payload)});
}

bool SameBounds(const Schema& a, const Schema& b) {
  return a.minimum == b.minimum && a.maximum == b.maximum && a.min_length == b.min_length &&
         a.max_length == b.max_length && a.min_items == b.min_items && a.max_items == b.max_items;
}

}  // namespace

void ReadWebhooks(JsonReader& reader, Api& api) {
  const auto webhooks = reader.Find(reader.Root(), "webhooks");
  if (!webhooks || !reader.IsObject(*webhooks)) return;
  for (const auto& [event, unused] : webhooks->json->items()) {
    const auto payload = PayloadOf(reader.Require(*webhooks, event), reader);
    if (payload) AddBody(event, ReadSchema(*payload, reader), api);
  }
}

bool SameShape(const Schema& a, const Schema& b) {
  if (a.kind != b.kind || a.format != b.format || a.nullable != b.nullable || a.ref != b.ref ||
      a.texts != b.texts || !SameBounds(a, b)) {
    return false;
  }
  const auto same_property = [](const Property& x, const Property& y) {
    return x.name == y.name && x.required == y.required && SameShape(x.schema, y.schema);
  };
  return std::equal(a.element.begin(), a.element.end(), b.element.begin(), b.element.end(),
                    SameShape) &&
         std::equal(a.properties.begin(), a.properties.end(), b.properties.begin(),
                    b.properties.end(), same_property);
}

}  // namespace gateway::apigen

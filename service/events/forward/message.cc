#include "service/events/forward/message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::events {
namespace {

using google::protobuf::util::TypeResolver;
using nlohmann::json;

constexpr char kTypeUrls[] = "type.googleapis.com";
constexpr char kResponse[] = "type.googleapis.com/gateway.webhooks.v1.ParseEventResponse";
constexpr char kAny[] = "type.googleapis.com/google.protobuf.Any";
constexpr size_t kLongestId = 100;
constexpr size_t kBodyBytes = 16;  // of the body's hash

TypeResolver& Types() {
  static TypeResolver& types = *google::protobuf::util::NewTypeResolverForDescriptorPool(
      kTypeUrls, google::protobuf::DescriptorPool::generated_pool());
  return types;
}

// ProtoJSON with the field names of the protos, which are the provider's own names.
json JsonOf(const char* type, const std::string& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status =
      google::protobuf::util::BinaryToJsonString(&Types(), type, message, &text, options);
  return status.ok() ? json::parse(text, nullptr, /*allow_exceptions=*/false) : json();
}

bool IsPlain(absl::string_view id) {
  return !id.empty() && id.size() <= kLongestId && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
}

std::string TextOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

json EnvelopeOf(const SealedEvent& sealed) {
  const Head& head = sealed.event.head;
  json envelope = {
      {"specversion", "1.0"},
      {"id", MessageIdOf(head, sealed.key)},
      {"source",
       absl::StrCat("/webhooks/", head.provider, head.name.empty() ? "" : "/", head.name)},
      {"type", absl::StrCat(head.provider, ".", head.type.empty() ? "unreadable" : head.type)},
      {"time", TextOf(head.received)}};
  if (!head.resource.empty()) envelope["subject"] = head.resource;
  if (!head.store.empty()) envelope["store"] = head.store;
  return envelope;
}

void AddRaw(absl::string_view body, const std::string& problem, json& envelope) {
  envelope["datacontenttype"] = "application/octet-stream";
  envelope["data_base64"] = absl::Base64Escape(body);
  envelope["problem"] = problem;
}

// Adds what a sweep has found: the object as the provider's API showed it.
void AddObject(const SealedEvent& sealed, const std::string& object, json& envelope) {
  const Head& head = sealed.event.head;
  json data = {{"provider", head.provider}, {"type", head.type}};
  if (const auto& happened = sealed.event.signed_time) {
    envelope["time"] = data["time"] = TextOf(*happened);
  }
  data["object"] = JsonOf(kAny, object);
  envelope["origin"] = "sweep";
  envelope["datacontenttype"] = "application/json";
  envelope["data"] = std::move(data);
}

// Adds `data`; or, if the body cannot be shown as JSON, `data_base64` and `problem`.
void AddData(const SealedEvent& sealed, absl::string_view body, const webhooks::EventReader& reader,
             json& envelope) {
  const webhooks::Scheme* const scheme = reader.schemes().Find(sealed.event.head.provider);
  std::variant<webhooks::Event, webhooks::Unreadable> read =
      webhooks::Unreadable{"no webhooks are known of this provider"};
  if (scheme != nullptr) read = reader.Read(*scheme, body, sealed.event.signed_time);
  if (const auto* const unreadable = std::get_if<webhooks::Unreadable>(&read)) {
    return AddRaw(body, unreadable->problem, envelope);
  }
  json data = JsonOf(kResponse, std::get<webhooks::Event>(read).message);
  if (!data.is_object()) return AddRaw(body, "has a value that JSON cannot show", envelope);
  if (const auto time = data.find("time"); time != data.end()) envelope["time"] = *time;
  envelope["datacontenttype"] = "application/json";
  envelope["data"] = std::move(data);
}

}  // namespace

std::string MessageIdOf(const Head& head, const Key& key) {
  const std::string account = absl::StrReplaceAll(head.name, {{".", "~"}});
  const std::string id =
      IsPlain(head.id) ? head.id : absl::StrCat("sha256-", absl::BytesToHexString(key.event));
  return absl::StrCat(head.provider, ":", account, account.empty() ? "" : ":", id, ":",
                      absl::BytesToHexString(key.body.substr(0, kBodyBytes)));
}

absl::StatusOr<Message> MessageOf(const SealedEvent& event, const ledger::ReplyCipher& cipher,
                                  const webhooks::EventReader& reader) {
  const absl::StatusOr<std::string> body = OpenBody(cipher, event.key, event.sealed_body);
  if (!body.ok()) return body.status();
  json envelope = EnvelopeOf(event);
  if (event.event.head.origin == Origin::kSweep) {
    AddObject(event, *body, envelope);
  } else {
    AddData(event, *body, reader, envelope);
  }
  Message message;
  message.id = envelope["id"].get<std::string>();
  message.provider = event.event.head.provider;
  message.type = event.event.head.type;
  // `replace`: only names from the configuration, and texts of a body, may be invalid UTF-8.
  message.body = envelope.dump(-1, ' ', false, json::error_handler_t::replace);
  return message;
}

}  // namespace gateway::events

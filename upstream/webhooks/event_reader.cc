#include "upstream/webhooks/event_reader.h"

#include <simdjson.h>

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/webhooks/v1/annotations.pb.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/json_mend.h"
#include "upstream/mapping/reply/wire_from_json.h"
#include "upstream/mapping/violations.h"
#include "upstream/mapping/wire.h"

namespace gateway::webhooks {
namespace {

namespace ondemand = simdjson::ondemand;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using mapping::Instant;
using mapping::Path;
using mapping::View;
using mapping::WireFromJson;
using mapping::WireType;
using mapping::WireWriter;

constexpr char kResponse[] = "gateway.webhooks.v1.ParseEventResponse";
constexpr char kOther[] = "other";
constexpr absl::string_view kNotJson = "is not valid JSON";

bool IsNull(ondemand::value& value) {
  bool null = false;
  return !value.is_null().get(null) && null;
}

absl::Status Bad(absl::string_view place, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(place, ": ", reason));
}

absl::StatusOr<uint32_t> NumberOf(const Descriptor& message, const char* name) {
  const FieldDescriptor* const field = message.FindFieldByName(name);
  if (field == nullptr) return Bad(message.full_name(), absl::StrCat("has no field ", name));
  return static_cast<uint32_t>(field->number());
}

Instant ToInstant(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  const absl::Duration rest = time - absl::FromUnixSeconds(seconds);
  return {seconds, static_cast<int32_t>(absl::ToInt64Nanoseconds(rest))};
}

bool AtEnd(ondemand::document& document) {
  const char* rest;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

// Reads a scalar as text, and null as "". Returns false for anything else.
bool ReadText(ondemand::value value, std::string& out) {
  std::string_view text;
  if (!value.get_string().get(text)) {
    out = std::string(text);
    return true;
  }
  const absl::string_view token = absl::StripTrailingAsciiWhitespace(View(value.raw_json_token()));
  double number;
  if (!value.get_double().get(number)) {  // an id may be a number, as in any reply
    int64_t whole = 0;
    const bool shifted = token.find_first_of(".eE") != absl::string_view::npos &&
                         mapping::ParseWholeNumber(token, whole) == mapping::WholeNumber::kGood;
    out = shifted ? absl::StrCat(whole) : std::string(token);
    return true;
  }
  return IsNull(value);
}

// Reads epoch seconds, as a number or as digits in a string, or RFC 3339, as in any reply.
std::optional<Instant> ReadTime(ondemand::value value) {
  std::string text;
  if (!ReadText(value, text)) return std::nullopt;
  Instant time;
  if (std::optional<Instant> parsed = mapping::ParseRfc3339(text)) {
    time = *parsed;
  } else if (text.find_first_of("0123456789") == std::string::npos ||
             text.find_first_not_of("0123456789.+-eE") != std::string::npos ||
             mapping::ParseWholeNumber(text, time.seconds) != mapping::WholeNumber::kGood) {
    return std::nullopt;
  }
  if (!mapping::IsValid(time)) return std::nullopt;
  return time;
}

// Reads all members of the event's object except the body, because the body may come before the
// type, which says how to read the body. Type and body decide what the event is, so each must occur
// at most once, and the type must be readable. An id or time that cannot be read is left out: the
// loss of the whole event would be worse.
class EnvelopeReader {
 public:
  EnvelopeReader(const Scheme& scheme, Envelope& envelope) : scheme_(scheme), envelope_(envelope) {}

  // Returns what is wrong, or "".
  std::string Read(ondemand::document& document) {
    ondemand::object object;
    if (document.get_object().get(object)) return "expected an object";
    for (auto result : object) {
      ondemand::field member;
      std::string_view name;
      if (std::move(result).get(member) || member.unescaped_key().get(name)) {
        return absl::StrCat("it ", kNotJson);
      }
      absl::string_view problem = Member(View(name), member.value());
      if (!problem.empty()) return absl::StrCat(View(name), ": ", problem);
    }
    return AtEnd(document) ? "" : "it goes on after its end";
  }

  // Says whether the id or the time was left out; "" if neither was. Static storage.
  absl::string_view left_out() const { return left_out_; }

 private:
  absl::string_view Member(absl::string_view name, ondemand::value value) {
    if (name.empty()) return "";
    if (name == scheme_.type()) {
      if (std::exchange(seen_type_, true)) return "is there twice";
      return ReadText(value, envelope_.type) ? "" : "expected a string";
    }
    if (name == scheme_.body()) return std::exchange(seen_body_, true) ? "is there twice" : "";
    if (name == scheme_.id()) {
      const bool first = !std::exchange(seen_id_, true);
      if (!first || !ReadText(value, envelope_.id)) left_out_ = "the event's id was left out";
    } else if (name == scheme_.time() && !IsNull(value)) {
      const std::optional<Instant> time = ReadTime(value);
      if (!time || envelope_.time) left_out_ = "the event's time was left out";
      if (!envelope_.time) envelope_.time = time;
    }
    return "";
  }

  const Scheme& scheme_;
  Envelope& envelope_;
  bool seen_id_ = false;
  bool seen_type_ = false;
  bool seen_body_ = false;
  absl::string_view left_out_;
};

// Finds the member with this name, even if the name is escaped.
bool FindMember(ondemand::document& document, absl::string_view name, ondemand::value& value) {
  ondemand::object object;
  if (document.get_object().get(object)) return false;
  for (auto result : object) {
    ondemand::field member;
    std::string_view key;
    if (std::move(result).get(member) || member.unescaped_key().get(key)) return false;
    if (View(key) != name) continue;
    value = member.value();
    return true;
  }
  return false;
}

}  // namespace

struct EventReader::Json {
  ondemand::parser parser;
  ondemand::document document;
  bool mended = false;
};

absl::StatusOr<std::unique_ptr<const EventReader>> EventReader::Create(const Schemes& schemes) {
  mapping::EmbeddedFiles();
  const Descriptor* const response =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(kResponse);
  if (response == nullptr) return Bad(kResponse, "is not there");
  return CreateFor(schemes, *response);
}

absl::StatusOr<std::unique_ptr<const EventReader>> EventReader::CreateFor(
    const Schemes& schemes, const Descriptor& response) {
  std::unique_ptr<EventReader> reader(new EventReader(schemes));
  reader->response_.full_name = response.full_name();
  for (const auto& [name, number] : {std::pair{"provider", &reader->provider_},
                                     {"event_id", &reader->event_id_},
                                     {"type", &reader->type_},
                                     {"time", &reader->time_}}) {
    const absl::StatusOr<uint32_t> found = NumberOf(response, name);
    if (!found.ok()) return found.status();
    *number = *found;
  }
  for (int i = 0; i < response.field_count(); ++i) {
    const FieldDescriptor& field = *response.field(i);
    if (field.real_containing_oneof() == nullptr) continue;
    if (absl::Status status = reader->AddField(field); !status.ok()) return status;
  }
  if (reader->other_.number == 0) return Bad(response.full_name(), "has no field other");
  return reader;
}

absl::Status EventReader::AddField(const FieldDescriptor& field) {
  if (field.message_type() == nullptr) return Bad(field.full_name(), "must be a message");
  mapping::FieldPlan plan;
  plan.number = static_cast<uint32_t>(field.number());
  plan.name = plan.wire_name = field.name();
  plan.full_name = field.full_name();
  if (field.name() == kOther) {
    plan.kind = mapping::Kind::kStruct;
    other_ = std::move(plan);
    return absl::OkStatus();
  }
  plan.kind = mapping::Kind::kMessage;
  absl::StatusOr<const mapping::MessagePlan*> message = plans_.Compile(*field.message_type());
  if (!message.ok()) return Bad(field.full_name(), message.status().message());
  plan.message = *message;
  const v1::Event& event = field.options().GetExtension(v1::event);
  if (schemes_.Find(event.provider()) == nullptr)
    return Bad(field.full_name(), "no provider of this name has events");
  if (event.types().empty()) return Bad(field.full_name(), "is for no event");
  for (const std::string& type : event.types()) {
    if (!bodies_.emplace(EventName(event.provider(), type), plan).second) {
      return Bad(field.full_name(), absl::StrCat("another field is for ", type));
    }
  }
  return absl::OkStatus();
}

void EventReader::WriteEnvelope(const Scheme& scheme, const Envelope& envelope,
                                std::string& out) const {
  WireWriter wire(out);
  const auto write = [&](uint32_t number, absl::string_view value) {
    if (value.empty()) return;
    wire.Tag(number, WireType::kBytes);
    wire.Bytes(value);
  };
  write(provider_, scheme.provider());
  write(event_id_, envelope.id);
  write(type_, envelope.type);
  if (!envelope.time) return;
  wire.Tag(time_, WireType::kBytes);
  const size_t mark = wire.Begin();
  wire.Tag(1, WireType::kVarint);
  wire.Varint(static_cast<uint64_t>(envelope.time->seconds));
  wire.Tag(2, WireType::kVarint);
  wire.Varint(static_cast<uint64_t>(envelope.time->nanos));
  wire.End(mark);
}

std::string EventReader::ReadBody(const Scheme& scheme, const std::string& type, Json& json,
                                  mapping::DriftList& drift, std::string& message) const {
  ondemand::document& document = json.document;
  WireFromJson reader(message, drift);
  if (json.mended) reader.ExpectMendedKeys();
  document.rewind();
  const auto typed = bodies_.find(EventName(scheme.provider(), type));
  const mapping::FieldPlan& field = typed == bodies_.end() ? other_ : typed->second;
  ondemand::value value;
  bool good = false;
  if (typed == bodies_.end() || scheme.body().empty()) {
    if (document.get_value().get(value)) return absl::StrCat("it ", kNotJson);
    if (field.message != nullptr) reader.Spare(*field.message, scheme.id(), scheme.time());
    good = reader.Field(response_, field, value, {});
  } else {
    const Path at{nullptr, scheme.body()};
    if (!FindMember(document, scheme.body(), value))
      return absl::StrCat(scheme.body(), ": is missing");
    good = reader.Field(response_, field, value, at);
  }
  return good ? "" : reader.error();
}

std::string EventReader::ReadJson(const Scheme& scheme, absl::string_view json, bool mended,
                                  std::optional<absl::Time> signed_time, mapping::DriftList& drift,
                                  std::string& message) const {
  const simdjson::padded_string padded(json.data(), json.size());
  Json parsed;
  parsed.mended = mended;
  if (parsed.parser.iterate(padded).get(parsed.document)) return absl::StrCat("it ", kNotJson);
  Envelope envelope;
  EnvelopeReader reader(scheme, envelope);
  std::string problem = reader.Read(parsed.document);
  if (!problem.empty()) return problem;
  if (!reader.left_out().empty()) {
    drift.Add(mapping::Drift::Kind::kAlteredValue, response_, nullptr, reader.left_out());
  }
  // The mending of the JSON may have made two different ids equal. The second event would then
  // count as seen already.
  if (absl::StrContains(envelope.id, mapping::kReplacement)) {
    envelope.id.clear();
    drift.Add(mapping::Drift::Kind::kAlteredValue, response_, nullptr,
              "the event's id was left out");
  }
  if (!envelope.time && signed_time) envelope.time = ToInstant(*signed_time);
  // A signed time whose age was not limited may be beyond the range of a Timestamp.
  if (envelope.time && !mapping::IsValid(*envelope.time)) envelope.time.reset();
  message.reserve(json.size());
  WriteEnvelope(scheme, envelope, message);
  return ReadBody(scheme, envelope.type, parsed, drift, message);
}

std::variant<Event, Unreadable> EventReader::Read(const Scheme& scheme, absl::string_view json,
                                                  std::optional<absl::Time> signed_time) const {
  json = mapping::JsonContent(json);
  mapping::DriftList drift;
  Event event;
  std::string problem = ReadJson(scheme, json, /*mended=*/false, signed_time, drift, event.message);
  if (!problem.empty()) {
    const std::optional<mapping::MendedJson> mended = mapping::MendJson(json);
    if (!mended) return Unreadable{std::move(problem)};
    drift = mapping::DriftList();
    event.message.clear();
    problem = ReadJson(scheme, mended->text, /*mended=*/true, signed_time, drift, event.message);
    if (!problem.empty()) return Unreadable{std::move(problem)};
    drift.Add(mapping::Drift::Kind::kAlteredValue, response_, nullptr,
              absl::StrCat(mended->what, " was replaced"));
  }
  event.drift = drift.Take();
  return event;
}

}  // namespace gateway::webhooks

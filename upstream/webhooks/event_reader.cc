#include "upstream/webhooks/event_reader.h"

#include <simdjson.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "gateway/webhooks/v1/annotations.pb.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/violations.h"
#include "upstream/mapping/wire.h"
#include "upstream/mapping/wire_from_json.h"

namespace gateway::webhooks {
namespace {

namespace ondemand = simdjson::ondemand;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using mapping::Instant;
using mapping::Path;
using mapping::WireFromJson;
using mapping::WireType;
using mapping::WireWriter;

constexpr char kResponse[] = "gateway.webhooks.v1.ParseEventResponse";
constexpr char kOther[] = "other";
constexpr absl::string_view kNotJson = "is not valid JSON";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

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

// One look over the members of the event's object: `body` may stand before the type that says how
// to read it.
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

 private:
  absl::string_view Member(absl::string_view name, ondemand::value value) {
    if (name.empty()) return "";
    if (name == scheme_.id) return Text(value, envelope_.id, seen_id_);
    if (name == scheme_.type) return Text(value, envelope_.type, seen_type_);
    if (name == scheme_.time) return Time(value);
    if (name == scheme_.body) return First(seen_body_);
    return "";
  }

  static absl::string_view First(bool& seen) {
    if (seen) return "is there twice";
    seen = true;
    return "";
  }

  // Ids may be numbers, as everywhere.
  static absl::string_view Text(ondemand::value value, std::string& out, bool& seen) {
    if (const absl::string_view problem = First(seen); !problem.empty()) return problem;
    std::string_view text;
    uint64_t number;
    if (!value.get_string().get(text)) {
      out = std::string(text);
    } else if (!value.get_uint64().get(number)) {
      out = absl::StrCat(number);
    } else if (!IsNull(value)) {
      return "expected a string";
    }
    return "";
  }

  absl::string_view Time(ondemand::value value) {
    if (const absl::string_view problem = First(seen_time_); !problem.empty()) return problem;
    Instant time;
    if (!value.get_int64().get(time.seconds)) {
      if (!mapping::IsValid(time)) return "is out of range";
      envelope_.time = time;
    } else if (!IsNull(value)) {
      return "expected epoch seconds";
    }
    return "";
  }

  static bool AtEnd(ondemand::document& document) {
    const char* rest;
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
  }

  const Scheme& scheme_;
  Envelope& envelope_;
  bool seen_id_ = false;
  bool seen_type_ = false;
  bool seen_time_ = false;
  bool seen_body_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const EventReader>> EventReader::Create() {
  mapping::EmbeddedFiles();
  const Descriptor* const response =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(kResponse);
  if (response == nullptr) return Bad(kResponse, "is not there");
  return CreateFor(*response);
}

absl::StatusOr<std::unique_ptr<const EventReader>> EventReader::CreateFor(
    const Descriptor& response) {
  std::unique_ptr<EventReader> reader(new EventReader);
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
  const Scheme* const scheme = FindScheme(event.provider());
  if (scheme == nullptr) return Bad(field.full_name(), "no provider of this name has events");
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
  write(provider_, scheme.provider);
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

std::string EventReader::ReadBody(const Scheme& scheme, const std::string& type,
                                  ondemand::document& document, Event& event) const {
  mapping::DriftList drift;
  WireFromJson reader(event.message, drift);
  document.rewind();
  const auto typed = bodies_.find(EventName(scheme.provider, type));
  const mapping::FieldPlan& field = typed == bodies_.end() ? other_ : typed->second;
  ondemand::value value;
  bool good = false;
  if (typed == bodies_.end() || scheme.body.empty()) {
    if (document.get_value().get(value)) return absl::StrCat("it ", kNotJson);
    good = reader.Field(response_, field, value, {});
  } else {
    const Path at{nullptr, scheme.body};
    if (document.find_field(ToStd(scheme.body)).get(value)) {
      return absl::StrCat(scheme.body, ": is missing");
    }
    good = reader.Field(response_, field, value, at);
  }
  event.drift = drift.Take();
  return good ? "" : reader.error();
}

std::variant<Event, Unreadable> EventReader::Read(const Scheme& scheme, absl::string_view json,
                                                  std::optional<absl::Time> signed_time) const {
  const simdjson::padded_string padded(json.data(), json.size());
  ondemand::parser parser;
  ondemand::document document;
  if (parser.iterate(padded).get(document)) return Unreadable{absl::StrCat("it ", kNotJson)};
  Envelope envelope;
  std::string problem = EnvelopeReader(scheme, envelope).Read(document);
  if (!problem.empty()) return Unreadable{std::move(problem)};
  if (!envelope.time && signed_time) envelope.time = ToInstant(*signed_time);
  // A signed time that nobody asked to be near may be beyond what a Timestamp holds.
  if (envelope.time && !mapping::IsValid(*envelope.time)) envelope.time.reset();

  Event event;
  event.message.reserve(json.size());
  WriteEnvelope(scheme, envelope, event.message);
  problem = ReadBody(scheme, envelope.type, document, event);
  if (!problem.empty()) return Unreadable{std::move(problem)};
  return event;
}

}  // namespace gateway::webhooks

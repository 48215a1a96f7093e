#include "tests/contract/proto_contract.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "gateway/v1/annotations.pb.h"
#include "gateway/webhooks/v1/annotations.pb.h"
#include "tests/contract/proto_fields.h"
#include "tests/contract/proto_rpc.h"

namespace gateway::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

using Files = std::vector<const FileDescriptor*>;
using Types = std::set<const Descriptor*>;

Types Wrappers(const Files& files) {
  Types wrappers;
  for (const FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto& rpc = *file->service(s)->method(m);
        wrappers.insert(rpc.input_type());
        if (WrapsReply(rpc) || IsStream(rpc)) wrappers.insert(rpc.output_type());
      }
    }
  }
  return wrappers;
}

// Returns "ORDER_STATUS_" for an enum OrderStatus whose value 0 is ORDER_STATUS_UNSPECIFIED.
// Returns "" if value 0 has another name, or a text of its own.
std::string Prefix(const EnumDescriptor& type) {
  const auto* zero = type.FindValueByNumber(0);
  if (zero == nullptr || !zero->options().GetExtension(v1::value).text().empty()) return "";
  absl::string_view prefix = zero->name();
  if (!absl::ConsumeSuffix(&prefix, "UNSPECIFIED")) return "";
  std::string letters = absl::AsciiStrToLower(absl::StrReplaceAll(prefix, {{"_", ""}}));
  const std::string name = absl::AsciiStrToLower(absl::StrReplaceAll(type.name(), {{"_", ""}}));
  return letters == name ? std::string(prefix) : "";
}

// Returns the value's text in JSON, by the rule that EnumValueRules.text documents.
std::string WireText(const EnumValueDescriptor& value, const std::string& prefix) {
  const std::string& given = value.options().GetExtension(v1::value).text();
  return given.empty() ? absl::AsciiStrToLower(absl::StripPrefix(value.name(), prefix)) : given;
}

// Several proto types may stand for one schema. If they state different facts, both facts are kept
// and show as a difference.
void AddSchemaUnit(const std::string& schema, const Unit& unit, Facts& facts) {
  const auto [known, added] = facts.emplace(absl::StrCat("schema ", schema), unit);
  if (added) return;
  for (const auto& [place, text] : unit) {
    const auto said = known->second.find(place);
    if (said == known->second.end() || said->second != text) Say(known->second, place, text);
  }
}

void AddEnum(const EnumDescriptor& type, Facts& facts) {
  if (type.options().GetExtension(v1::enum_schema).gone()) return;
  Unit unit;
  Say(unit, "form", "string enum");
  std::string prefix = Prefix(type);
  if (prefix.empty()) Say(unit, "proper zero", "no");
  if (type.options().deprecated()) Say(unit, "deprecated", "yes");
  if (type.options().GetExtension(v1::enum_schema).local()) Say(unit, "local", "yes");
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    std::string place = absl::StrCat("value ", WireText(value, prefix));
    if (!absl::StartsWith(value.name(), prefix)) Say(unit, place + ".prefix", "none");
    if (value.number() != 0) Say(unit, place, "yes");
    if (value.options().deprecated()) Say(unit, place + ".deprecated", "yes");
    if (value.options().GetExtension(v1::value).local()) Say(unit, place + ".local", "yes");
  }
  AddSchemaUnit(SchemaName(type), unit, facts);
}

void AddMessage(const Descriptor& type, Facts& facts) {
  if (type.options().GetExtension(v1::schema).gone()) return;
  Unit unit;
  Say(unit, "form", "object");
  if (type.options().deprecated()) Say(unit, "deprecated", "yes");
  if (type.options().GetExtension(v1::schema).local()) Say(unit, "local", "yes");
  for (int i = 0; i < type.field_count(); ++i) {
    // The rest field stands for all members that the contract does not name.
    if (IsRest(*type.field(i))) {
      Say(unit, "open", "yes");
    } else {
      SayNamedField(*type.field(i), WireName(*type.field(i)), unit);
    }
  }
  AddSchemaUnit(SchemaName(type), unit, facts);
}

// Adds the facts of a type and of all types that are declared within it.
void AddTypes(const Descriptor& type, const Types& wrappers, Facts& facts) {
  if (type.options().map_entry()) return;
  if (wrappers.count(&type) == 0) AddMessage(type, facts);
  for (int i = 0; i < type.nested_type_count(); ++i) {
    AddTypes(*type.nested_type(i), wrappers, facts);
  }
  for (int i = 0; i < type.enum_type_count(); ++i) AddEnum(*type.enum_type(i), facts);
}

void InsertFormats(const Descriptor& type, std::set<v1::Format>& formats) {
  for (int i = 0; i < type.field_count(); ++i) {
    formats.insert(type.field(i)->options().GetExtension(v1::field).format());
  }
}

// Adds a unit for each text schema whose format some field uses.
void AddFormats(const Files& files, Facts& facts) {
  std::set<v1::Format> used;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      InsertFormats(*file->message_type(i), used);
    }
  }
  for (const TextFormat& known : kTextFormats) {
    if (used.count(known.format) == 0) continue;
    AddUnit(facts, absl::StrCat("schema ", known.schema), {{"form", known.form}});
  }
}

void AddServices(const FileDescriptor& file, Facts& facts) {
  for (int s = 0; s < file.service_count(); ++s) {
    const ServiceDescriptor& service = *file.service(s);
    for (int m = 0; m < service.method_count(); ++m) {
      if (!IsStream(*service.method(m))) AddRpc(*service.method(m), facts);
    }
  }
}

// Adds the events that ParseEvent returns whole, as a message of this package.
void AddEvents(const Descriptor& response, absl::string_view package, Facts& facts) {
  for (int i = 0; i < response.field_count(); ++i) {
    const auto& field = *response.field(i);
    if (field.message_type() == nullptr || field.message_type()->file()->package() != package) {
      continue;
    }
    for (const std::string& type : field.options().GetExtension(webhooks::v1::event).types()) {
      AddUnit(facts, absl::StrCat("event ", type), {{"whole", SchemaName(*field.message_type())}});
    }
  }
}

}  // namespace

Facts ProtoFacts(const Files& files, absl::string_view package) {
  Files ours;
  Facts facts;
  for (const FileDescriptor* file : files) {
    if (file->package() == package) ours.push_back(file);
    const Descriptor* response = file->FindMessageTypeByName("ParseEventResponse");
    if (response != nullptr) AddEvents(*response, package, facts);
  }
  absl::string_view version = package.substr(package.rfind('.') + 1);
  AddUnit(facts, "API", {{"version", std::string(version)}});
  const Types wrappers = Wrappers(ours);
  for (const FileDescriptor* file : ours) {
    AddServices(*file, facts);
    for (int i = 0; i < file->message_type_count(); ++i) {
      AddTypes(*file->message_type(i), wrappers, facts);
    }
    for (int i = 0; i < file->enum_type_count(); ++i) AddEnum(*file->enum_type(i), facts);
  }
  AddFormats(ours, facts);
  return facts;
}

}  // namespace gateway::contract

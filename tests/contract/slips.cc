#include "tests/contract/slips.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace gateway::contract {
namespace {

using Field = EditableProtos::Field;
using Message = EditableProtos::Message;
using Rpc = EditableProtos::Rpc;

bool IsMap(const Message& message, const Field& field) {
  return std::any_of(
      message.nested_type().begin(), message.nested_type().end(),
      [&field](const Message& nested) { return absl::EndsWith(field.type_name(), nested.name()); });
}

void Retype(Field& field) {
  // An id may be a text or a number.
  bool was_string = field.type() == Field::TYPE_STRING ||
                    field.options().GetExtension(v1::field).format() == v1::FLAKE_ID;
  field.clear_type_name();
  field.set_type(was_string ? Field::TYPE_BOOL : Field::TYPE_STRING);
}

template <typename Change>
FieldSlip InRules(const char* name, Change change) {
  return {name, [change](Message& message, int index) {
            change(RulesOf(*message.mutable_field(index)));
            return true;
          }};
}

// In a map, the entry's name is bound to the field's, and its type is that of the entry.
template <typename Change>
FieldSlip InFieldNoMap(const char* name, Change change) {
  return {name, [change](Message& message, int index) {
            if (IsMap(message, message.field(index))) return false;
            change(*message.mutable_field(index));
            return true;
          }};
}

void SwapVerb(google::api::HttpRule& rule) {
  const std::string path = PathOf(rule);
  if (rule.pattern_case() == google::api::HttpRule::kGet) {
    rule.set_post(path);
  } else {
    rule.set_get(path);
  }
}

}  // namespace

std::vector<FieldSlip> FieldSlips() {
  return {
      InFieldNoMap("renamed", [](Field& f) { f.set_name(f.name() + "_too"); }),
      InFieldNoMap("retyped", Retype),
      {"repeated or not",
       [](Message& m, int index) {
         if (IsMap(m, m.field(index))) return false;
         DropOptional(m, index);
         Field& field = *m.mutable_field(index);
         bool repeated = field.label() == Field::LABEL_REPEATED;
         field.set_label(repeated ? Field::LABEL_OPTIONAL : Field::LABEL_REPEATED);
         return true;
       }},
      {"removed",
       [](Message& m, int index) {
         RemoveField(m, index);
         return true;
       }},
      {"without optional",
       [](Message& m, int index) {
         bool optional = m.field(index).proto3_optional();
         DropOptional(m, index);
         return optional;
       }},
      {"deprecated or not",
       [](Message& m, int index) {
         auto& options = *m.mutable_field(index)->mutable_options();
         options.set_deprecated(!options.deprecated());
         return true;
       }},
      InRules("required or not",
              [](v1::FieldRules& r) {
                r.set_required(!r.required() && !r.newly_required());
                r.clear_newly_required();
              }),
      InRules("nullable or not", [](v1::FieldRules& r) { r.set_nullable(!r.nullable()); }),
      InRules("null when unset or not",
              [](v1::FieldRules& r) { r.set_null_when_unset(!r.null_when_unset()); }),
      InRules("loose or not", [](v1::FieldRules& r) { r.set_loose(!r.loose()); }),
      InRules("local or not", [](v1::FieldRules& r) { r.set_local(!r.local()); }),
      InRules("other wire name", [](v1::FieldRules& r) { r.set_wire_name(r.wire_name() + "x"); }),
      InRules("other minimum", [](v1::FieldRules& r) { r.set_minimum(r.minimum() + 7); }),
      InRules("other maximum", [](v1::FieldRules& r) { r.set_maximum(r.maximum() + 7); }),
      InRules("other min_items", [](v1::FieldRules& r) { r.set_min_items(r.min_items() + 7); }),
      InRules("other max_items", [](v1::FieldRules& r) { r.set_max_items(r.max_items() + 7); }),
      InRules("other format",
              [](v1::FieldRules& r) {
                r.set_format(r.format() == v1::STEAM_ID ? v1::FLAKE_ID : v1::STEAM_ID);
              }),
  };
}

std::vector<RpcSlip> RpcSlips() {
  return {
      {"verb", [](Rpc& rpc) { SwapVerb(HttpOf(rpc)); }},
      {"path", [](Rpc& rpc) { SetPath(HttpOf(rpc), PathOf(HttpOf(rpc)) + "/x"); }},
      {"body",
       [](Rpc& rpc) {
         auto& rule = HttpOf(rpc);
         rule.set_body(rule.body().empty() ? "*" : "");
       }},
      {"reply",
       [](Rpc& rpc) {
         auto& rule = HttpOf(rpc);
         rule.set_response_body(rule.response_body().empty() ? "id" : "");
       }},
      {"free of side effects",
       [](Rpc& rpc) {
         using google::protobuf::MethodOptions;
         auto& options = *rpc.mutable_options();
         bool free = options.idempotency_level() == MethodOptions::NO_SIDE_EFFECTS;
         options.set_idempotency_level(free ? MethodOptions::IDEMPOTENT
                                            : MethodOptions::NO_SIDE_EFFECTS);
       }},
      {"reply.type",
       [](Rpc& rpc) { RulesOf(rpc).set_array_or_object(!RulesOf(rpc).array_or_object()); }},
      {"reply.local", [](Rpc& rpc) { RulesOf(rpc).set_local_reply(!RulesOf(rpc).local_reply()); }},
      {"reply.may be empty",
       [](Rpc& rpc) { RulesOf(rpc).set_reply_may_be_empty(!RulesOf(rpc).reply_may_be_empty()); }},
      {"local", [](Rpc& rpc) { RulesOf(rpc).set_local(!RulesOf(rpc).local()); }},
      {"streaming", [](Rpc& rpc) { rpc.set_server_streaming(true); }},
      {"deprecated", [](Rpc& rpc) { rpc.mutable_options()->set_deprecated(true); }},
      {"further bindings", [](Rpc& rpc) { HttpOf(rpc).add_additional_bindings()->set_get("/v1"); }},
      {"", [](Rpc& rpc) { rpc.set_name("Please" + rpc.name()); }},
  };
}

}  // namespace gateway::contract

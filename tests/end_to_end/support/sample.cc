#include "tests/end_to_end/support/sample.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::end_to_end {
namespace {

using sandbox::ExampleOptions;
using sandbox::Fill;
using sandbox::Operation;
using sandbox::Parameter;
using sandbox::Schema;
using sandbox::Type;

// Values that a path segment may hold and that must not turn into another path.
const std::vector<std::string>& HostileSegments() {
  static const auto* const segments = new std::vector<std::string>{"a/b",
                                                                   "%2F",
                                                                   "%2e%2e",
                                                                   "...",
                                                                   "a?b=c&d#e",
                                                                   "a b+c",
                                                                   "\"quo\\te'",
                                                                   "\xF0\x9F\x92\xB6\xE2\x82\xAC",
                                                                   "\r\nX: y\t",
                                                                   "http://x/y",
                                                                   ";,:@$!*()",
                                                                   std::string("nul\0nul", 7),
                                                                   std::string(2000, 'x')};
  return *segments;
}

bool IsFreeText(const Type& type) {
  return type.kind == Type::Kind::kString && type.format.empty();
}

Json PathValue(const Parameter& parameter, const ExampleOptions& options) {
  if (options.fill == Fill::kExtremes && IsFreeText(parameter.type)) {
    return HostileSegments()[options.seed % HostileSegments().size()];
  }
  return ExampleParameter(parameter, options);
}

// Limits texts: several of the longest ones would make a URL that no server accepts.
Json QueryValue(const Operation& operation, const Parameter& parameter,
                const ExampleOptions& options) {
  constexpr size_t kOfAll = 6000;
  const size_t longest = std::min<size_t>(2000, kOfAll / operation.query.size());
  if (parameter.type.kind == Type::Kind::kArray) return Example(parameter.type, options);
  Json value = ExampleParameter(parameter, options);
  if (IsFreeText(parameter.type) && value.get_ref<const std::string&>().size() > longest) {
    value.get_ref<std::string&>().resize(longest);
  }
  return value;
}

// Adjusts a value of the contract to the bounds that the annotations add.
class Fitting {
 public:
  explicit Fitting(const ExampleOptions& options) : options_(options) {}

  void Field(const Type& type, const FieldDescriptor& field, Json& value) {
    if (field.is_map()) {
      for (auto& element : value) One(*type.element, *field.message_type()->map_value(), element);
    } else if (field.is_repeated()) {
      const auto& rules = RulesOf(field);
      while (value.size() < rules.min_items()) {
        ExampleOptions filler = options_;
        filler.seed += value.size();
        value.push_back(Example(*type.element, filler));
      }
      for (Json& element : value) One(*type.element, field, element);
    } else {
      One(type, field, value);
    }
  }

 private:
  void One(const Type& type, const FieldDescriptor& field, Json& value) {
    if (value.is_number_integer()) return Clamp(RulesOf(field), value);
    const bool object = type.schema != nullptr && type.schema->is_object && value.is_object();
    if (object) Members(*type.schema, *field.message_type(), value);
  }

  static void Clamp(const v1::FieldRules& rules, Json& value) {
    auto number = value.get<int64_t>();
    if (rules.has_minimum()) number = std::max(number, rules.minimum());
    if (rules.has_maximum()) number = std::min(number, rules.maximum());
    value = number;
  }

  void Members(const Schema& schema, const Descriptor& message, Json& value) {
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      if (RulesOf(field).rest()) continue;
      const std::string name = WireName(field);
      const sandbox::Field* member = schema.Find(name);
      if (member == nullptr) {
        const bool local_flag =
            RulesOf(field).local() && field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
        EXPECT_TRUE(local_flag) << field.full_name() << " is not in the contract";
        if (options_.fill == Fill::kFull) value[name] = true;
      } else if (value.contains(name) && !value[name].is_null()) {
        Field(member->type, field, value[name]);
      }
    }
  }

  const ExampleOptions& options_;
};

std::string SnakeCase(absl::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (absl::ascii_isupper(c)) snake.push_back('_');
    snake.push_back(absl::ascii_tolower(c));
  }
  return snake;
}

const FieldDescriptor& RestOf(const Descriptor& type) {
  int i = 0;
  while (!RulesOf(*type.field(i)).rest()) ++i;
  return *type.field(i);
}

void AddPaths(const Descriptor& type, const Json& object, const std::string& prefix,
              std::vector<std::string>& paths) {
  for (const auto& [name, value] : object.items()) {
    const FieldDescriptor* known = FindByWireName(type, name);
    const FieldDescriptor& field = known == nullptr ? RestOf(type) : *known;
    const std::string path = prefix + field.name();
    const bool enter = value.is_object() && !field.is_repeated() &&
                       !IsWellKnown(*field.message_type()) &&
                       std::any_of(value.begin(), value.end(),
                                   [](const Json& member) { return member.is_null(); });
    if (enter) {
      AddPaths(*field.message_type(), value, path + ".", paths);
    } else {
      paths.push_back(path);
    }
  }
}

}  // namespace

std::optional<Type> ReplyType(const Rpc& rpc) {
  if (rpc.method->options().GetExtension(v1::method).local_reply()) return Type();
  if (rpc.operation->reply.status == 204) return std::nullopt;
  return rpc.operation->reply.type;
}

Sample MakeSample(const Rpc& rpc, const ExampleOptions& given) {
  const Operation& operation = *rpc.operation;
  ExampleOptions options = given;
  // A form carries no types, so free values are texts, and their names have no brackets.
  if (rpc.form()) {
    options.known = [](absl::string_view member) {
      return member == "metadata" ? Json{{"order", "o-1"}, {"note", "a&b=c"}} : Absent();
    };
  }
  Sample sample;
  for (const Parameter& parameter : operation.path_params) {
    sample.path.push_back(PathValue(parameter, options));
  }
  for (const Parameter& parameter : operation.query) {
    if (options.fill == Fill::kRequiredOnly && !parameter.required) continue;
    sample.query.emplace_back(parameter.name, QueryValue(operation, parameter, options));
  }
  if (operation.body) {
    sample.body = Example(*operation.body, options);
    Fitting(options).Field(*operation.body, *rpc.body, sample.body);
  }
  if (const std::optional<Type> type = ReplyType(rpc)) sample.reply = Example(*type, given);
  return sample;
}

std::unique_ptr<Message> ToRequest(const Rpc& rpc, const Sample& sample, ProtoJson& convert) {
  const Descriptor& type = *rpc.method->input_type();
  std::unique_ptr<Message> request = NewMessage(type);
  for (size_t i = 0; i < sample.path.size(); ++i) {
    const std::string name = SnakeCase(rpc.operation->path_params[i].name);
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) {
      ADD_FAILURE() << rpc.name() << " has no field " << name;
      continue;
    }
    convert.SetField(*request, *field, sample.path[i]);
  }
  for (const auto& [name, value] : sample.query) {
    const FieldDescriptor* field = FindByWireName(type, name);
    if (field == nullptr) {
      ADD_FAILURE() << rpc.name() << " has no field for query " << name;
      continue;
    }
    convert.SetField(*request, *field, value);
  }
  if (!IsAbsent(sample.body)) convert.SetField(*request, *rpc.body, sample.body);
  return request;
}

void AddMask(const Rpc& rpc, const Json& body, Message& request) {
  std::vector<std::string> paths;
  AddPaths(*rpc.body->message_type(), body, "", paths);
  Message* const mask = request.GetReflection()->MutableMessage(&request, rpc.mask);
  const FieldDescriptor* const field = mask->GetDescriptor()->FindFieldByName("paths");
  for (const std::string& path : paths) mask->GetReflection()->AddString(mask, field, path);
}

Json FromReply(const Rpc& rpc, const Message& reply, ProtoJson& convert) {
  if (rpc.response_body.empty()) return convert.Members(reply);
  const Json value =
      convert.Value(reply, *reply.GetDescriptor()->FindFieldByName(rpc.response_body));
  const bool one = rpc.array_or_object && ReplyType(rpc)->kind == Type::Kind::kRef;
  return one && value.size() == 1 ? value[0] : value;
}

void ForEachNamed(const Type& type, Json& value, const Visit& visit) {
  if (value.is_null() || IsAbsent(value)) return;
  if (type.element != nullptr) {
    for (auto& element : value) ForEachNamed(*type.element, element, visit);
  } else if (type.schema != nullptr) {
    visit(*type.schema, value);
    for (const sandbox::Field& field : type.schema->fields) {
      if (value.contains(field.name)) ForEachNamed(field.type, value[field.name], visit);
    }
  }
}

}  // namespace gateway::end_to_end

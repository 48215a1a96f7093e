#include "upstream/mapping/form.h"

#include <simdjson.h>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_text.h"

namespace gateway::mapping {
namespace {

namespace dom = simdjson::dom;

class FormWriter {
 public:
  FormWriter(const v1::KeyStyle& style, Violations& violations, std::string& out)
      : style_(style), violations_(violations), out_(out), begin_(out.size()) {}

  void Value(const dom::element& value, const std::string& key, const Path& at) {
    switch (value.type()) {
      case dom::element_type::OBJECT:
        return Object(value, key, at);
      case dom::element_type::ARRAY:
        return List(value, key, at);
      case dom::element_type::NULL_VALUE:
        return violations_.Add(at, "cannot be null: a form has no null");
      default:
        return Pair(key, Text(value));
    }
  }

 private:
  void Object(const dom::object& object, const std::string& key, const Path& at) {
    for (const auto& [name, value] : object) {
      const Path here{&at, View(name)};
      if (!key.empty() && !IsName(View(name))) {
        return violations_.Add(here, "cannot be told apart from other names in a form");
      }
      if (key.empty()) {
        Value(value, std::string(name), here);
      } else if (style_.members() == v1::MEMBERS_IN_BRACKETS) {
        Value(value, absl::StrCat(key, "[", View(name), "]"), here);
      } else if (style_.members() == v1::MEMBERS_AFTER_DOTS) {
        Value(value, absl::StrCat(key, ".", View(name)), here);
      } else {
        return violations_.Add(at, "cannot be an object here");
      }
    }
  }

  bool IsName(absl::string_view name) const {
    const absl::string_view used = style_.members() == v1::MEMBERS_AFTER_DOTS ? "." : "[]";
    return !name.empty() && name.find_first_of(used) == absl::string_view::npos;
  }

  void List(const dom::array& list, const std::string& key, const Path& at) {
    if (style_.lists() == v1::LISTS_WITH_COMMAS) return Commas(list, key, at);
    size_t index = 0;
    for (const dom::element value : list) {
      const Path here{&at, "", index};
      if (style_.lists() == v1::LISTS_WITH_INDEX) {
        Value(value, absl::StrCat(key, "[", index, "]"), here);
      } else if (!IsScalar(value)) {
        violations_.Add(here, "cannot be an object or a list here");
      } else {
        Value(value, style_.lists() == v1::LISTS_IN_BRACKETS ? key + "[]" : key, here);
      }
      ++index;
    }
  }

  void Commas(const dom::array& list, const std::string& key, const Path& at) {
    std::string texts;
    size_t index = 0;
    for (const dom::element value : list) {
      const Path here{&at, "", index};
      const std::string text = IsScalar(value) ? Text(value) : "";
      if (!IsScalar(value) || value.is_null() || absl::StrContains(text, ',')) {
        violations_.Add(here, "cannot stand in a list that is written with commas");
      }
      absl::StrAppend(&texts, index++ == 0 ? "" : ",", text);
    }
    if (index > 0) Pair(key, texts);
  }

  static bool IsScalar(const dom::element& value) {
    return !value.is_object() && !value.is_array();
  }

  static std::string Text(const dom::element& value) {
    std::string_view text;
    if (!value.get_string().get(text)) return std::string(text);
    double real = 0;
    if (value.type() == dom::element_type::DOUBLE && !value.get_double().get(real)) {
      char number[kMaxDouble];
      return {number, WriteDouble(real, number)};
    }
    return simdjson::minify(value);
  }

  void Pair(absl::string_view key, absl::string_view text) {
    if (out_.size() > begin_) out_.push_back('&');
    AppendPercentEncoded(key, out_);
    out_.push_back('=');
    AppendPercentEncoded(text, out_);
  }

  const v1::KeyStyle& style_;
  Violations& violations_;
  std::string& out_;
  const size_t begin_;
};

class FormCheck {
 public:
  explicit FormCheck(const v1::KeyStyle& style) : style_(style) {}

  std::string Message(const MessagePlan& plan) {
    if (!seen_.insert(&plan).second) return "";
    for (const FieldPlan& field : plan.fields) {
      std::string problem = Field(field);
      if (!problem.empty()) return problem;
    }
    return "";
  }

 private:
  std::string Field(const FieldPlan& field) {
    const bool object = field.kind == Kind::kMessage || field.kind == Kind::kStruct;
    const bool list = field.cardinality == Cardinality::kRepeated;
    const bool named = field.cardinality == Cardinality::kMap || (object && !field.rest);
    if (named && style_.members() == v1::MEMBERS_UNSPECIFIED) {
      return absl::StrCat(field.full_name, " needs keys.members");
    }
    if (object && list && style_.lists() != v1::LISTS_WITH_INDEX) {
      return absl::StrCat(field.full_name, " needs keys.lists to be LISTS_WITH_INDEX");
    }
    return field.message == nullptr ? "" : Message(*field.message);
  }

  const v1::KeyStyle& style_;
  absl::flat_hash_set<const MessagePlan*> seen_;
};

}  // namespace

void AppendForm(const v1::KeyStyle& style, absl::string_view name, const std::string& json,
                const Path& at, Violations& violations, std::string& out) {
  thread_local dom::parser parser;
  dom::element root;
  if (parser.parse(json).get(root)) return violations.Add(at, "is not valid");
  FormWriter(style, violations, out).Value(root, std::string(name), at);
}

std::string CheckForm(const v1::KeyStyle& style, const MessagePlan& plan) {
  return FormCheck(style).Message(plan);
}

}  // namespace gateway::mapping

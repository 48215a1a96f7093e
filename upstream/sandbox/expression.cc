#include "upstream/sandbox/expression.h"

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/formats.h"

namespace gateway::sandbox {
namespace {

int64_t Clamp(__int128 number) {
  if (number > std::numeric_limits<int64_t>::max()) return std::numeric_limits<int64_t>::max();
  if (number < std::numeric_limits<int64_t>::min()) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}

__int128 SumOf(const Json& value) {
  if (value.is_number_integer()) return value.get<int64_t>();
  __int128 sum = 0;
  if (value.is_array()) {
    for (const Json& element : value) sum += SumOf(element);
  }
  return sum;
}

Json Slug(const Json& value) {
  if (!value.is_string()) return Absent();
  std::string slug;
  for (const char c : value.get_ref<const std::string&>()) {
    if (absl::ascii_isalnum(c)) {
      slug += absl::ascii_tolower(c);
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug;
}

class Evaluation {
 public:
  Evaluation(World& world, Names& names) : world_(world), names_(names) {}

  Json Of(const Json& expression) {
    if (expression.is_string()) return Text(expression.get_ref<const std::string&>());
    if (expression.is_array()) return List(expression);
    if (!expression.is_object()) return expression;
    for (const auto& [key, operand] : expression.items()) {
      if (key.front() == '$') return Operator(key, operand, expression);
    }
    Json object = Json::object();
    for (const auto& [key, member] : expression.items()) {
      if (Json value = Of(member); !IsAbsent(value)) object[key] = std::move(value);
    }
    return object;
  }

  Json Where(const Json& expression) {
    Json where = Of(expression);
    if (!where.is_object()) return Json::object();
    for (const auto& [path, member] : expression.items()) {
      if (path.front() == '$') break;
      // Any value out of none.
      if (!where.contains(path)) where[path] = Json::array();
    }
    return where;
  }

 private:
  using Operation = Json (Evaluation::*)(const Json& operand, const Json& whole);

  Json Text(const std::string& text) {
    if (text.size() > 1 && text[0] == '$' && text[1] != '{') return Reference(text.substr(1));
    std::string result;
    size_t position = 0;
    while (true) {
      const size_t open = text.find("${", position);
      const size_t close = open == std::string::npos ? open : text.find('}', open);
      if (close == std::string::npos) return result + text.substr(position);
      const Json value = Reference(text.substr(open + 2, close - open - 2));
      absl::StrAppend(&result, text.substr(position, open - position),
                      IsNothing(value) ? "" : PlainText(value));
      position = close + 1;
    }
  }

  Json Reference(absl::string_view reference) {
    const size_t dot = reference.find('.');
    const std::string name(reference.substr(0, dot));
    if (name == "flake") return world_.NextId();
    if (name == "token") return world_.NextToken();
    if (name == "now") return TimeText(world_.Now());
    if (name == "epoch") return absl::ToUnixSeconds(world_.Now());
    if (name == "actor") return Of(world_.Section("actor"));
    const auto found = names_.find(name);
    if (found == names_.end()) return Absent();
    if (dot == absl::string_view::npos) return found->second;
    return At(found->second, reference.substr(dot + 1));
  }

  // One value as itself, several as a list: a path through a list yields a list even of one.
  static Json At(const Json& value, absl::string_view path) {
    if (value.is_array()) return Collect(value, path);
    if (!value.is_object()) return Absent();
    const size_t dot = path.find('.');
    const auto member = value.find(std::string(path.substr(0, dot)));
    if (member == value.end()) return Absent();
    if (dot == absl::string_view::npos) return *member;
    return At(*member, path.substr(dot + 1));
  }

  static Json Collect(const Json& value, absl::string_view path) {
    Json list = Json::array();
    for (const Json* found : Select(value, path)) list.push_back(*found);
    return list;
  }

  Json List(const Json& expressions) {
    Json list = Json::array();
    for (const Json& expression : expressions) {
      if (Json value = Of(expression); !IsAbsent(value)) list.push_back(std::move(value));
    }
    return list;
  }

  Json Operator(const std::string& name, const Json& operand, const Json& whole) {
    static const auto* const kOperations = new std::map<std::string, Operation>{
        {"$first", &Evaluation::First}, {"$if", &Evaluation::If},
        {"$not", &Evaluation::Not},     {"$and", &Evaluation::And},
        {"$or", &Evaluation::Or},       {"$eq", &Evaluation::Equal},
        {"$less", &Evaluation::Less},   {"$in", &Evaluation::In},
        {"$sum", &Evaluation::Sum},     {"$times", &Evaluation::Times},
        {"$minus", &Evaluation::Minus}, {"$count", &Evaluation::Count},
        {"$each", &Evaluation::Each},   {"$concat", &Evaluation::Concat},
        {"$index", &Evaluation::Index}, {"$merge", &Evaluation::Merge},
        {"$at", &Evaluation::Element},  {"$find", &Evaluation::Find},
        {"$all", &Evaluation::All},     {"$select", &Evaluation::SelectPath},
        {"$slug", &Evaluation::SlugOf}, {"$later", &Evaluation::Later},
    };
    const auto found = kOperations->find(name);
    return found == kOperations->end() ? Absent() : (this->*found->second)(operand, whole);
  }

  // The operand of an operator that takes two; absent ones keep their place.
  std::pair<Json, Json> Two(const Json& operand) {
    if (!operand.is_array() || operand.size() != 2) return {Absent(), Absent()};
    return {Of(operand[0]), Of(operand[1])};
  }

  Json First(const Json& operand, const Json&) {
    for (const Json& choice : operand) {
      if (Json value = Of(choice); !IsNothing(value)) return value;
    }
    return Absent();
  }

  Json If(const Json& operand, const Json& whole) {
    const auto branch = whole.find(IsTrue(Of(operand)) ? "then" : "else");
    return branch == whole.end() ? Absent() : Of(*branch);
  }

  Json Not(const Json& operand, const Json&) { return !IsTrue(Of(operand)); }

  Json And(const Json& operand, const Json&) {
    for (const Json& one : operand) {
      if (!IsTrue(Of(one))) return false;
    }
    return true;
  }

  Json Or(const Json& operand, const Json&) {
    for (const Json& one : operand) {
      if (IsTrue(Of(one))) return true;
    }
    return false;
  }

  Json Equal(const Json& operand, const Json&) {
    const auto [left, right] = Two(operand);
    return IsAbsent(left) || IsAbsent(right) ? IsAbsent(left) == IsAbsent(right) : left == right;
  }

  Json Less(const Json& operand, const Json&) {
    const auto [left, right] = Two(operand);
    const bool comparable =
        (left.is_number() && right.is_number()) || (left.is_string() && right.is_string());
    return comparable && left < right;
  }

  Json In(const Json& operand, const Json&) {
    const auto [value, list] = Two(operand);
    if (!list.is_array() || IsAbsent(value)) return false;
    for (const Json& element : list) {
      if (element == value) return true;
    }
    return false;
  }

  Json Sum(const Json& operand, const Json&) { return Clamp(SumOf(Of(operand))); }

  Json Times(const Json& operand, const Json&) {
    const auto [left, right] = Two(operand);
    return Clamp(static_cast<__int128>(Clamp(SumOf(left))) * Clamp(SumOf(right)));
  }

  Json Minus(const Json& operand, const Json&) {
    const auto [left, right] = Two(operand);
    return Clamp(SumOf(left) - SumOf(right));
  }

  Json Count(const Json& operand, const Json&) {
    const Json value = Of(operand);
    if (IsNothing(value)) return 0;
    return value.is_string() ? value.get_ref<const std::string&>().size() : value.size();
  }

  Json Each(const Json& operand, const Json& whole) {
    const Json list = Of(operand);
    if (!list.is_array()) return Json::array();
    const std::string name = whole.value("as", "it");
    const std::string index = name + "_index";
    const Json outer[] = {Named(name), Named(index)};
    Json result = Json::array();
    for (size_t i = 0; i < list.size(); ++i) {
      names_[name] = list[i];
      names_[index] = i;
      if (Json value = Of(whole.value("value", Json())); !IsAbsent(value)) {
        result.push_back(std::move(value));
      }
    }
    Name(name, outer[0]);
    Name(index, outer[1]);
    return result;
  }

  Json Named(const std::string& name) {
    const auto found = names_.find(name);
    return found == names_.end() ? Absent() : found->second;
  }

  void Name(const std::string& name, const Json& value) {
    names_.erase(name);
    if (!IsAbsent(value)) names_[name] = value;
  }

  Json Concat(const Json& operand, const Json&) {
    Json result = Json::array();
    for (const Json& list : Of(operand)) {
      if (list.is_array()) result.insert(result.end(), list.begin(), list.end());
    }
    return result;
  }

  Json Index(const Json& operand, const Json& whole) {
    Json result = Json::object();
    for (const Json& element : Of(operand)) {
      const std::vector<const Json*> keys = Select(element, whole.value("by", "id"));
      if (!keys.empty()) result[PlainText(*keys.front())] = element;
    }
    return result;
  }

  Json Merge(const Json& operand, const Json&) {
    Json result = Json::object();
    for (const Json& object : Of(operand)) {
      if (object.is_object()) result.update(object);
    }
    return result;
  }

  Json Element(const Json& operand, const Json&) {
    const auto [list, position] = Two(operand);
    if (!list.is_array() || list.empty() || !position.is_number_integer()) return Absent();
    return list[position.get<uint64_t>() % list.size()];
  }

  Json Find(const Json& operand, const Json& whole) {
    const auto handle = world_.state().Find(operand.get<std::string>(),
                                            Where(whole.value("where", Json::object())));
    return handle ? *world_.state().Get(*handle) : Absent();
  }

  Json All(const Json& operand, const Json& whole) {
    Json result = Json::array();
    const Json where = Where(whole.value("where", Json::object()));
    for (const Handle& handle : world_.state().FindAll(operand.get<std::string>(), where)) {
      result.push_back(*world_.state().Get(handle));
    }
    return result;
  }

  Json SelectPath(const Json& operand, const Json&) {
    const auto [value, path] = Two(operand);
    if (IsAbsent(value) || !path.is_string()) return Json::array();
    return Collect(value, path.get_ref<const std::string&>());
  }

  Json SlugOf(const Json& operand, const Json&) { return Slug(Of(operand)); }

  Json Later(const Json& operand, const Json&) {
    const auto [from, seconds] = Two(operand);
    absl::Time time;
    if (!from.is_string() || !seconds.is_number_integer() ||
        !absl::ParseTime(absl::RFC3339_full, from.get<std::string>(), &time, nullptr)) {
      return Absent();
    }
    return TimeText(time + absl::Seconds(seconds.get<int64_t>()));
  }

  World& world_;
  Names& names_;
};

}  // namespace

bool IsTrue(const Json& value) {
  if (IsNothing(value)) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();
}

Json Evaluate(World& world, Names& names, const Json& expression) {
  return Evaluation(world, names).Of(expression);
}

Json EvaluateWhere(World& world, Names& names, const Json& expression) {
  return Evaluation(world, names).Where(expression);
}

}  // namespace gateway::sandbox

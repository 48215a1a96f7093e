#include "upstream/sandbox/listing.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "upstream/sandbox/formats.h"

namespace gateway::sandbox {
namespace {

bool ContainsText(const Json& record, const Json& paths, const Json& part) {
  for (const Json& path : paths) {
    for (const Json* value : Select(record, path.get<std::string>())) {
      if (absl::StrContains(absl::AsciiStrToLower(PlainText(*value)),
                            absl::AsciiStrToLower(PlainText(part)))) {
        return true;
      }
    }
  }
  return false;
}

// Whether one record passes one parameter; `value` is absent where the request leaves the parameter
// out.
bool Passes(World& world, Names& names, const Json& record, const Json& filter, const Json& value) {
  if (filter.is_object()) {
    const auto relations = filter.find(IsAbsent(value) ? "" : PlainText(value));
    return relations == filter.end() || Matches(record, EvaluateWhere(world, names, *relations));
  }
  if (IsAbsent(value)) return true;
  if (filter.is_array()) return ContainsText(record, filter, value);
  return Matches(record, {{filter.get<std::string>(), value}});
}

bool IsPaging(absl::string_view name) {
  return name == "limit" || name == "after" || name == "before" || name == "asc" || name == "page";
}

int64_t CursorOf(const Json& record) {
  const auto id = record.find("id");
  return id != record.end() && id->is_string()
             ? ParseFlakeId(id->get_ref<const std::string&>()).value_or(0)
             : 0;
}

Json Page(std::vector<Json> records, const Json& query) {
  const auto beyond = [&](const Json& record) {
    const int64_t id = CursorOf(record);
    const auto after = query.find("after");
    const auto before = query.find("before");
    return (after != query.end() && id <= ParseFlakeId(after->get<std::string>()).value_or(0)) ||
           (before != query.end() && id >= ParseFlakeId(before->get<std::string>()).value_or(0));
  };
  records.erase(std::remove_if(records.begin(), records.end(), beyond), records.end());
  const bool ascending = query.value("asc", false);
  std::sort(records.begin(), records.end(), [&](const Json& left, const Json& right) {
    return ascending ? CursorOf(left) < CursorOf(right) : CursorOf(left) > CursorOf(right);
  });
  records.resize(std::min<size_t>(records.size(), query.value("limit", kDefaultPageSize)));
  return records;
}

}  // namespace

Json ListRecords(World& world, Names& names, absl::string_view collection, const Json& where,
                 const Operation& operation, const Json& rule) {
  const Schema* schema = world.contract().FindSchema(collection);
  const Json filters = rule.value("filters", Json::object());
  const Json query = names.count("query") > 0 ? names.at("query") : Json::object();
  std::vector<Json> records;
  for (const Handle& handle : world.state().FindAll(collection, where)) {
    records.push_back(*world.state().Get(handle));
  }
  for (const Parameter& parameter : operation.query) {
    const bool has_member = schema != nullptr && schema->Find(parameter.name) != nullptr;
    if (IsPaging(parameter.name) || (!has_member && !filters.contains(parameter.name))) continue;
    const Json filter = filters.value(parameter.name, Json(parameter.name));
    const auto given = query.find(parameter.name);
    const Json value = given == query.end() ? Absent() : *given;
    records.erase(std::remove_if(records.begin(), records.end(),
                                 [&](const Json& record) {
                                   return !Passes(world, names, record, filter, value);
                                 }),
                  records.end());
  }
  if (operation.FindQuery("limit") != nullptr) return Page(std::move(records), query);
  if (const std::string member = rule.value("order_by", ""); !member.empty()) {
    std::stable_sort(records.begin(), records.end(), [&](const Json& left, const Json& right) {
      return left.value(member, Json()) < right.value(member, Json());
    });
  }
  return records;
}

}  // namespace gateway::sandbox

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

// Whether the number at `path` lies within an interval: {"gte": 1, "lt": 9}.
bool IsWithin(const Json& record, const std::string& path, const Json& interval) {
  const std::vector<const Json*> found = Select(record, path);
  if (found.empty() || !found.front()->is_number()) return false;
  const Json& number = *found.front();
  return !(interval.contains("gt") && number <= interval["gt"]) &&
         !(interval.contains("gte") && number < interval["gte"]) &&
         !(interval.contains("lt") && number >= interval["lt"]) &&
         !(interval.contains("lte") && number > interval["lte"]);
}

// Whether one record passes one parameter; `value` is absent where the request leaves the parameter
// out.
bool Passes(World& world, Names& names, const Json& record, const Json& filter, const Json& value) {
  if (filter.is_object()) {
    const auto relations = filter.find(IsAbsent(value) ? "" : PlainText(value));
    return relations == filter.end() || Matches(record, EvaluateWhere(world, names, *relations));
  }
  if (IsAbsent(value)) return true;
  if (value.is_object()) return IsWithin(record, filter.get<std::string>(), value);
  if (filter.is_array()) return ContainsText(record, filter, value);
  return Matches(record, {{filter.get<std::string>(), value}});
}

bool IsPaging(absl::string_view name) {
  return name == "limit" || name == "after" || name == "before" || name == "asc" ||
         name == "page" || name == "starting_after" || name == "ending_before";
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

// The newest first; cursors are the ids of records that are themselves left out. `more`: whether
// there are further ones in the direction of the cursor.
Json CursorPage(std::vector<Json> records, const Json& query, Json& more) {
  std::reverse(records.begin(), records.end());
  const auto at = [&](const char* cursor) {
    return std::find_if(records.begin(), records.end(), [&](const Json& record) {
      return record.value("id", Json()) == query.at(cursor);
    });
  };
  const size_t limit = query.value("limit", kDefaultPageSize);
  const bool backwards = query.contains("ending_before");
  if (backwards) {
    records.erase(at("ending_before"), records.end());
  } else if (query.contains("starting_after")) {
    const auto last = at("starting_after");
    records.erase(records.begin(), last == records.end() ? last : last + 1);
  }
  more = records.size() > limit;
  if (more && backwards) records.erase(records.begin(), records.end() - static_cast<long>(limit));
  records.resize(std::min(records.size(), limit));
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
  if (operation.FindQuery("starting_after") != nullptr) {
    return CursorPage(std::move(records), query, names["more"]);
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

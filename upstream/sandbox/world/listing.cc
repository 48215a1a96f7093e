#include "upstream/sandbox/world/listing.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "upstream/sandbox/formats.h"
#include "upstream/sandbox/script/lua_json.h"

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

// Whether the number at `path` lies within the interval, such as {"gte": 1, "lt": 9}.
bool IsWithin(const Json& record, const std::string& path, const Json& interval) {
  const std::vector<const Json*> found = Select(record, path);
  if (found.empty() || !found.front()->is_number()) return false;
  const Json& number = *found.front();
  return !(interval.contains("gt") && number <= interval["gt"]) &&
         !(interval.contains("gte") && number < interval["gte"]) &&
         !(interval.contains("lt") && number >= interval["lt"]) &&
         !(interval.contains("lte") && number > interval["lte"]);
}

// Whether a record passes the filter of one query parameter with this value.
bool Passes(const Json& record, const Json& filter, const Json& value) {
  if (value.is_object()) return IsWithin(record, filter.get<std::string>(), value);
  if (filter.is_array()) return ContainsText(record, filter, value);
  return Matches(record, {{filter.get<std::string>(), value}});
}

bool IsPaging(absl::string_view name) {
  return name == "limit" || name == "after" || name == "before" || name == "asc" ||
         name == "page" || name == "starting_after" || name == "ending_before";
}

// Reads the limit as text, because its type differs between the contracts.
size_t LimitOf(const Json& query) {
  size_t limit = 0;
  const bool given = query.contains("limit") && absl::SimpleAtoi(PlainText(query["limit"]), &limit);
  return given ? limit : kDefaultPageSize;
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
    return (after != query.end() && id <= ParseFlakeId(PlainText(*after)).value_or(0)) ||
           (before != query.end() && id >= ParseFlakeId(PlainText(*before)).value_or(0));
  };
  records.erase(std::remove_if(records.begin(), records.end(), beyond), records.end());
  const bool ascending = query.contains("asc") && PlainText(query["asc"]) == "true";
  std::sort(records.begin(), records.end(), [&](const Json& left, const Json& right) {
    return ascending ? CursorOf(left) < CursorOf(right) : CursorOf(left) > CursorOf(right);
  });
  records.resize(std::min<size_t>(records.size(), LimitOf(query)));
  return records;
}

// Pages through records, newest first. The record whose ID is the cursor is itself left out.
Json CursorPage(std::vector<Json> records, const Json& query, bool& more) {
  std::reverse(records.begin(), records.end());
  const auto at = [&](const char* cursor) {
    return std::find_if(records.begin(), records.end(), [&](const Json& record) {
      return record.value("id", Json()) == query.at(cursor);
    });
  };
  const size_t limit = LimitOf(query);
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

void Narrow(World& world, const Script::Path& filters, const Parameter& parameter,
            std::vector<Json>& records) {
  const Json& query = world.asked.query;
  const auto given = query.find(parameter.name);
  const Json value = given == query.end() ? Absent() : *given;
  const Json& stated = world.Setting(filters);
  const Json filter = stated.value(parameter.name, Json(parameter.name));
  if (IsFunction(filter)) {
    const Json where = world.Value(filter, filters, parameter.name, value);
    if (IsNothing(where)) return;
    std::erase_if(records, [&](const Json& record) { return !Matches(record, where); });
  } else if (!IsAbsent(value)) {
    std::erase_if(records, [&](const Json& record) { return !Passes(record, filter, value); });
  }
}

}  // namespace

Listed ListRecords(World& world, const std::string& collection, const Json& where) {
  const Operation& operation = *world.asked.operation;
  const Json& query = world.asked.query;
  const Schema* const schema = world.contract().FindSchema(collection);
  const Script::Path filters = {"operations", operation.id, "filters"};
  std::vector<Json> records;
  for (const Handle& handle : world.state().FindAll(collection, where)) {
    records.push_back(*world.state().Get(handle));
  }
  for (const Parameter& parameter : operation.query) {
    const bool has_member = schema != nullptr && schema->Find(parameter.name) != nullptr;
    const bool has_filter = world.Setting(filters).contains(parameter.name);
    if (IsPaging(parameter.name) || (!has_member && !has_filter)) continue;
    Narrow(world, filters, parameter, records);
  }
  Listed listed;
  if (operation.FindQuery("starting_after") != nullptr) {
    listed.records = CursorPage(std::move(records), query, listed.more);
    return listed;
  }
  if (operation.FindQuery("limit") != nullptr) {
    listed.records = Page(std::move(records), query);
    return listed;
  }
  const Json& order_by = world.Setting({"operations", operation.id, "order_by"});
  if (order_by.is_string()) {
    const std::string member = order_by.get<std::string>();
    std::stable_sort(records.begin(), records.end(), [&](const Json& left, const Json& right) {
      return left.value(member, Json()) < right.value(member, Json());
    });
  }
  listed.records = std::move(records);
  return listed;
}

}  // namespace gateway::sandbox

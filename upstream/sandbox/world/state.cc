#include "upstream/sandbox/world/state.h"

#include <algorithm>
#include <utility>

#include "upstream/sandbox/formats.h"

namespace gateway::sandbox {
namespace {

void SelectInto(const Json& value, absl::string_view path, std::vector<const Json*>& found) {
  if (value.is_array() && !path.empty()) {
    for (const Json& element : value) SelectInto(element, path, found);
    return;
  }
  if (path.empty()) {
    found.push_back(&value);
    return;
  }
  if (!value.is_object()) return;
  const size_t dot = path.find('.');
  const auto member = value.find(std::string(path.substr(0, dot)));
  if (member == value.end()) return;
  SelectInto(*member, dot == absl::string_view::npos ? "" : path.substr(dot + 1), found);
}

bool EqualTexts(const Json& left, const Json& right) {
  return left == right ||
         (!left.is_null() && !right.is_null() && PlainText(left) == PlainText(right));
}

bool Holds(const std::vector<const Json*>& found, const Json& expected) {
  if (expected.is_array()) {
    return std::any_of(expected.begin(), expected.end(),
                       [&](const Json& one) { return Holds(found, one); });
  }
  if (IsAbsent(expected)) return false;
  if (expected.is_null()) {
    return found.empty() || std::any_of(found.begin(), found.end(),
                                        [](const Json* value) { return value->is_null(); });
  }
  return std::any_of(found.begin(), found.end(), [&](const Json* value) {
    if (!value->is_array()) return EqualTexts(*value, expected);
    return std::any_of(value->begin(), value->end(),
                       [&](const Json& element) { return EqualTexts(element, expected); });
  });
}

}  // namespace

std::vector<const Json*> Select(const Json& value, absl::string_view path) {
  std::vector<const Json*> found;
  SelectInto(value, path, found);
  return found;
}

bool Matches(const Json& record, const Json& where) {
  for (const auto& [path, expected] : where.items()) {
    if (!Holds(Select(record, path), expected)) return false;
  }
  return true;
}

Handle State::Insert(absl::string_view name, Json record) {
  Collection& collection = collections_[std::string(name)];
  int64_t key = collection.last_key + 1;
  if (const auto id = record.find("id"); id != record.end() && id->is_string()) {
    key = ParseFlakeId(id->get_ref<const std::string&>()).value_or(key);
  }
  while (collection.records.count(key) > 0) ++key;
  collection.last_key = std::max(collection.last_key, key);
  Handle handle{std::string(name), key};
  Note(handle);
  collection.records.emplace(key, std::move(record));
  EvictFrom(name, collection);
  return handle;
}

void State::EvictFrom(absl::string_view name, Collection& collection) {
  if (collection.records.size() <= max_records_) return;
  const auto oldest = collection.records.upper_bound(collection.sealed_up_to);
  if (oldest != collection.records.end()) Erase({std::string(name), oldest->first});
}

void State::Replace(const Handle& handle, Json record) {
  Note(handle);
  collections_[handle.collection].records[handle.key] = std::move(record);
}

void State::Erase(const Handle& handle) {
  Note(handle);
  collections_[handle.collection].records.erase(handle.key);
}

const Json* State::Get(const Handle& handle) const {
  const auto collection = collections_.find(handle.collection);
  if (collection == collections_.end()) return nullptr;
  const auto record = collection->second.records.find(handle.key);
  return record == collection->second.records.end() ? nullptr : &record->second;
}

std::vector<Handle> State::FindAll(absl::string_view name, const Json& where) const {
  std::vector<Handle> found;
  const auto collection = collections_.find(std::string(name));
  if (collection == collections_.end()) return found;
  for (const auto& [key, record] : collection->second.records) {
    if (Matches(record, where)) found.push_back({std::string(name), key});
  }
  return found;
}

std::optional<Handle> State::Find(absl::string_view name, const Json& where) const {
  // The common case: finds the record by its key, without a search through the collection.
  if (const auto id = where.find("id"); id != where.end() && id->is_string()) {
    const Handle handle{std::string(name),
                        ParseFlakeId(id->get_ref<const std::string&>()).value_or(-1)};
    const Json* record = Get(handle);
    if (record != nullptr && Matches(*record, where)) return handle;
  }
  const std::vector<Handle> all = FindAll(name, where);
  if (all.empty()) return std::nullopt;
  return all.front();
}

void State::Note(const Handle& handle) {
  const Json* record = Get(handle);
  journal_.push_back({handle, record == nullptr ? std::nullopt : std::optional<Json>(*record)});
}

void State::Rollback() {
  for (auto change = journal_.rbegin(); change != journal_.rend(); ++change) {
    auto& records = collections_[change->handle.collection].records;
    if (change->before) {
      records[change->handle.key] = std::move(*change->before);
    } else {
      records.erase(change->handle.key);
    }
  }
  journal_.clear();
}

Json State::Export() const {
  Json all = Json::object();
  for (const auto& [name, collection] : collections_) {
    for (const auto& [key, record] : collection.records) all[name].push_back(record);
  }
  return all;
}

void State::Clear() {
  collections_.clear();
  journal_.clear();
}

void State::Seal() {
  journal_.clear();
  for (auto& [name, collection] : collections_) collection.sealed_up_to = collection.last_key;
}

}  // namespace gateway::sandbox

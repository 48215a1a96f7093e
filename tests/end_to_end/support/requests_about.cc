#include "tests/end_to_end/support/requests_about.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/end_to_end/support/sample.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

constexpr size_t kMostRecords = 5;

// The source of a parameter's values: this member of the records in this collection.
struct Place {
  std::string collection;
  std::string member;
};

// "game_server_id" and "gameServerId" -> "GameServerId".
std::string UpperCamel(absl::string_view name) {
  std::string camel;
  for (const absl::string_view word : absl::StrSplit(name, '_', absl::SkipEmpty())) {
    camel.push_back(absl::ascii_toupper(word[0]));
    absl::StrAppend(&camel, word.substr(1));
  }
  return camel;
}

std::string Snake(absl::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    if (absl::ascii_isupper(c) && !snake.empty()) snake.push_back('_');
    snake.push_back(absl::ascii_tolower(c));
  }
  return snake;
}

// Most parameters are named after a type: "tagId" is the id of a TagDto.
Place PlaceOf(absl::string_view parameter) {
  static const auto& others = *new std::map<std::string, Place>{
      {"AttemptId", {"CommandAttemptDto", "id"}},
      {"DiscordServerId", {"DiscordServerLinkDto", "server_id"}},
      {"DownloadableFileId", {"ProductDownloadableFileDto", "id"}},
      {"InventoryItemId", {"DeliveryItemDto", "id"}},
      {"MemberId", {"StoreMemberDto", "id"}},
      {"NavLinkId", {"NavLinkDto", "node_id"}},
      {"NodeId", {"NavLinkDto", "node_id"}},
      {"ProductVersionId", {"ProductDto", "version_id"}},
      {"RegionId", {"ProductPricingRegionDto", "id"}},
      {"Token", {"DiscordServerLinkDto", "token"}},
      {"WebhookId", {"WebhookSubscriptionDto", "id"}},
  };
  const std::string name = UpperCamel(parameter);
  const auto other = others.find(name);
  if (other != others.end()) return other->second;
  return {absl::StrCat(absl::StripSuffix(name, "Id"), "Dto"), "id"};
}

std::vector<Json> RecordsAt(const Json& store, const Place& place) {
  std::vector<Json> records;
  if (!store.contains(place.collection)) return records;
  for (const Json& record : store.at(place.collection)) {
    if (record.contains(place.member)) records.push_back(record);
  }
  return records;
}

// Returns the parameter's value in the first record; absent if there is no record.
Json FirstValue(const Json& store, absl::string_view parameter) {
  const Place place = PlaceOf(parameter);
  const std::vector<Json> records = RecordsAt(store, place);
  return records.empty() ? Absent() : records.front().at(place.member);
}

bool IsTenant(absl::string_view parameter) {
  return parameter == "storeId" || parameter == "store_id" || parameter == "account_id";
}

// Returns a value for a body's member such as "product_id" or "product_ids"; absent if none is
// known.
Json KnownMember(const Json& store, absl::string_view member) {
  if (IsTenant(member)) return kStore;
  if (absl::EndsWith(member, "_id")) return FirstValue(store, member);
  if (!absl::ConsumeSuffix(&member, "_ids")) return Absent();
  const Json one = FirstValue(store, absl::StrCat(member, "_id"));
  return IsAbsent(one) ? one : Json::array({one});
}

// Fills the path with the id of `record` and the ids of the records that it belongs to.
void NameRecord(const Json& store, const Rpc& rpc, const Json& record, Sample& sample) {
  for (size_t i = 0; i < sample.path.size(); ++i) {
    const std::string& parameter = rpc.operation->path_params[i].name;
    const std::string owner = Snake(parameter);
    Json value = FirstValue(store, parameter);
    if (IsTenant(parameter)) value = kStore;
    if (i + 1 == sample.path.size() && !record.is_null()) {
      value = record.at(PlaceOf(parameter).member);
    } else if (record.contains(owner)) {
      value = record.at(owner);
    }
    if (!IsAbsent(value)) sample.path[i] = value;
  }
}

}  // namespace

std::vector<std::string> RequestsAbout(const Json& store, const Rpc& rpc) {
  const auto& parameters = rpc.operation->path_params;
  std::vector<Json> records;
  if (!parameters.empty() && !IsTenant(parameters.back().name)) {
    records = RecordsAt(store, PlaceOf(parameters.back().name));
  }
  if (records.empty()) records.emplace_back();
  records.resize(std::min(records.size(), kMostRecords));
  sandbox::ExampleOptions options;
  options.known = [&](absl::string_view member) { return KnownMember(store, member); };
  ProtoJson convert;
  std::vector<std::string> requests;
  for (const auto fill : {sandbox::Fill::kFull, sandbox::Fill::kRequiredOnly}) {
    options.fill = fill;
    for (const Json& record : records) {
      Sample sample = MakeSample(rpc, options);
      NameRecord(store, rpc, record, sample);
      requests.push_back(ToRequest(rpc, sample, convert)->SerializeAsString());
    }
  }
  return requests;
}

bool HasRecord(const Json& store, const std::string& id) {
  for (const Json& records : store) {
    if (!records.is_array()) continue;
    for (const Json& record : records) {
      if (record.is_object() && record.value("id", Json()) == id) return true;
    }
  }
  return false;
}

}  // namespace gateway::end_to_end

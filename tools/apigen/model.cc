#include "tools/apigen/model.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "tools/apigen/http_rule.h"
#include "tools/apigen/naming.h"

namespace gateway::apigen {
namespace {

constexpr int kFirstOfProtobufsOwn = google::protobuf::FieldDescriptor::kFirstReservedNumber;
constexpr int kLastOfProtobufsOwn = google::protobuf::FieldDescriptor::kLastReservedNumber;

// An open-ended reservation ("5 to max") says nothing about what was in use.
bool IsOpenEnded(int last) { return last >= google::protobuf::FieldDescriptor::kMaxNumber; }

template <typename Item>
int HighestNumber(const std::vector<Item>& items, const Reserved& reserved) {
  int highest = 0;
  for (const Item& item : items) highest = std::max(highest, item.number);
  for (const auto& [first, last] : reserved.ranges()) {
    if (!IsOpenEnded(last)) highest = std::max(highest, last);
  }
  return highest;
}

}  // namespace

void Reserved::AddRange(int first, int last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) {
    auto previous = std::prev(next);
    if (previous->second >= first - 1) {
      first = previous->first;
      last = std::max(last, previous->second);
      ranges_.erase(previous);
    }
  }
  while (next != ranges_.end() && next->first - 1 <= last) {
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  ranges_[first] = last;
}

int NextNumber(const std::vector<Field>& fields, const Reserved& reserved) {
  const int next = HighestNumber(fields, reserved) + 1;
  const bool protobufs_own = next >= kFirstOfProtobufsOwn && next <= kLastOfProtobufsOwn;
  return protobufs_own ? kLastOfProtobufsOwn + 1 : next;
}

int NextNumber(const std::vector<EnumValue>& values, const Reserved& reserved) {
  return HighestNumber(values, reserved) + 1;
}

std::string TextOf(const Enum& owner, const EnumValue& value) {
  if (value.number == 0) return "";
  const auto& rules = value.options.GetExtension(gateway::v1::value);
  if (!rules.text().empty()) return rules.text();
  const std::string prefix = EnumPrefix(owner.name);
  return absl::AsciiStrToLower(
      absl::StartsWith(value.name, prefix) ? value.name.substr(prefix.size()) : value.name);
}

std::string RouteOf(const Method& method) {
  if (!method.options.HasExtension(google::api::http)) return "";
  const HttpTarget target = TargetOf(method.options.GetExtension(google::api::http));
  std::string route = absl::StrCat(target.verb, " ");
  bool in_parameter = false;
  for (char c : target.path) {
    if (c == '}') in_parameter = false;
    if (!in_parameter) route += c;
    if (c == '{') in_parameter = true;
  }
  return route;
}

}  // namespace gateway::apigen

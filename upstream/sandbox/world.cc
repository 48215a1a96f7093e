#include "upstream/sandbox/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gateway::sandbox {
namespace {

constexpr int64_t kFlakeEpochMs = 1645568542000;
constexpr int kFlakeTimeShift = 22;

const Json& Member(const Json& object, absl::string_view name) {
  static const Json* const kEmpty = new Json(Json::object());
  const auto member = object.find(std::string(name));
  return member == object.end() ? *kEmpty : *member;
}

}  // namespace

const Json& World::Section(absl::string_view name) const { return Member(behaviour_, name); }

const Json& World::Entry(absl::string_view section, absl::string_view name) const {
  return Member(Section(section), name);
}

std::string World::NextId() {
  const int64_t from_clock = (absl::ToUnixMillis(Now()) - kFlakeEpochMs) << kFlakeTimeShift;
  last_id_ = std::max(last_id_ + 1, from_clock);
  return absl::StrCat(last_id_);
}

std::string World::NextToken() {
  const uint64_t mixed = ++tokens_ * 0x9e3779b97f4a7c15ull;
  return absl::StrFormat("sbx_%016x%08x", mixed, tokens_);
}

}  // namespace gateway::sandbox

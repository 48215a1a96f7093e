#include "upstream/sandbox/world/world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "upstream/sandbox/script/lua_json.h"
#include "upstream/sandbox/world/world_functions.h"

// Linked in by CMakeLists.txt.
extern "C" {
extern const char sandbox_behaviour_prelude[], sandbox_behaviour_prelude_end[];
extern const char sandbox_behaviour_window[], sandbox_behaviour_window_end[];
}

namespace gateway::sandbox {
namespace {

constexpr int64_t kFlakeEpochMs = 1645568542000;
constexpr int kFlakeTimeShift = 22;

}  // namespace

absl::StatusOr<std::unique_ptr<World>> World::Create(const Contract& contract,
                                                     const std::vector<Script::File>& behaviour,
                                                     size_t max_records, Script::Limits limits) {
  const absl::string_view prelude(
      sandbox_behaviour_prelude,
      static_cast<size_t>(sandbox_behaviour_prelude_end - sandbox_behaviour_prelude));
  const absl::string_view window(
      sandbox_behaviour_window,
      static_cast<size_t>(sandbox_behaviour_window_end - sandbox_behaviour_window));
  std::vector<Script::File> files = {{"prelude", prelude}, {"window", window}};
  files.insert(files.end(), behaviour.begin(), behaviour.end());
  std::unique_ptr<World> world(new World(contract, max_records));
  absl::StatusOr<std::unique_ptr<Script>> script =
      Script::Load(files, WorldFunctions(), world.get(), limits);
  if (!script.ok()) return script.status();
  world->script_ = *std::move(script);
  return world;
}

const Json& World::Setting(const Script::Path& path) const {
  static const Json& empty = *new Json(Json::object());
  const Json* setting = &script_->settings();
  for (const std::string& name : path) {
    const auto member = setting->find(name);
    if (member == setting->end()) return empty;
    setting = &*member;
  }
  return *setting;
}

Json World::Value(const Json& setting, Script::Path section, const std::string& name,
                  const Json& record) {
  if (!IsFunction(setting)) return setting;
  section.push_back(name);
  return script_->Value(section, record);
}

void World::Forget() {
  state_.Clear();
  last_id_ = 0;
  tokens_ = kFirstToken;
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

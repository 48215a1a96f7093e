#include "upstream/sandbox/world/world_functions.h"

#include <lauxlib.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "upstream/sandbox/formats.h"
#include "upstream/sandbox/script/lua_json.h"
#include "upstream/sandbox/world/listing.h"
#include "upstream/sandbox/world/records.h"
#include "upstream/sandbox/world/render.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {
namespace {

World& Of(void* context) { return *static_cast<World*>(context); }

Json TableAt(lua_State* lua, int index) {
  if (lua_isnoneornil(lua, index)) return Json::object();
  luaL_checktype(lua, index, LUA_TTABLE);
  Json value = ToJson(lua, index);
  return value.is_object() ? value : Json::object();
}

std::string TextAt(lua_State* lua, int index) {
  size_t size = 0;
  const char* const text = luaL_checklstring(lua, index, &size);
  return std::string(text, size);
}

void PushText(lua_State* lua, const std::string& text) {
  lua_pushlstring(lua, text.data(), text.size());
}

// Pushes the record as a table of its members. The table's metatable holds the record's handle.
void PushRecord(lua_State* lua, World& world, const Handle& handle) {
  PushJson(lua, *world.state().Get(handle));
  lua_createtable(lua, 0, 2);
  PushText(lua, handle.collection);
  lua_setfield(lua, -2, "collection");
  lua_pushinteger(lua, handle.key);
  lua_setfield(lua, -2, "key");
  lua_setmetatable(lua, -2);
}

Handle HandleAt(lua_State* lua, int index) {
  luaL_checktype(lua, index, LUA_TTABLE);
  Handle handle;
  if (luaL_getmetafield(lua, index, "collection") == LUA_TSTRING) {
    handle.collection = lua_tostring(lua, -1);
    lua_pop(lua, 1);
    luaL_getmetafield(lua, index, "key");
    handle.key = lua_tointeger(lua, -1);
    lua_pop(lua, 1);
  } else {
    luaL_argerror(lua, index, "a record is expected");
  }
  return handle;
}

int Fetch(lua_State* lua, void* context) {
  PushRecord(lua, Of(context), {TextAt(lua, 1), luaL_checkinteger(lua, 2)});
  return 1;
}

int Find(lua_State* lua, void* context) {
  World& world = Of(context);
  const std::optional<Handle> handle = world.state().Find(TextAt(lua, 1), TableAt(lua, 2));
  if (handle) {
    PushRecord(lua, world, *handle);
  } else {
    lua_pushnil(lua);
  }
  return 1;
}

int All(lua_State* lua, void* context) {
  World& world = Of(context);
  lua_Integer count = 0;
  const std::vector<Handle> handles = world.state().FindAll(TextAt(lua, 1), TableAt(lua, 2));
  lua_newtable(lua);
  MarkArray(lua);
  for (const Handle& handle : handles) {
    PushRecord(lua, world, handle);
    lua_rawseti(lua, -2, ++count);
  }
  return 1;
}

int Newest(lua_State* lua, void* context) {
  World& world = Of(context);
  const std::vector<Handle> handles = world.state().FindAll(TextAt(lua, 1), Json::object());
  const auto most = static_cast<size_t>(std::max<lua_Integer>(0, luaL_checkinteger(lua, 2)));
  lua_newtable(lua);
  MarkArray(lua);
  for (size_t i = 0; i < std::min(most, handles.size()); ++i) {
    PushRecord(lua, world, handles[handles.size() - 1 - i]);
    lua_rawseti(lua, -2, static_cast<lua_Integer>(i) + 1);
  }
  return 1;
}

int Count(lua_State* lua, void* context) {
  const auto found = Of(context).state().FindAll(TextAt(lua, 1), TableAt(lua, 2));
  lua_pushinteger(lua, static_cast<lua_Integer>(found.size()));
  return 1;
}

int List(lua_State* lua, void* context) {
  const Listed listed = ListRecords(Of(context), TextAt(lua, 1), TableAt(lua, 2));
  PushJson(lua, listed.records);
  lua_pushboolean(lua, listed.more);
  return 2;
}

int Create(lua_State* lua, void* context) {
  World& world = Of(context);
  const std::string collection = TextAt(lua, 1);
  const auto created =
      CreateRecord(world, collection, TableAt(lua, 2), TableAt(lua, 3), TableAt(lua, 4));
  if (const Refusal* const refusal = std::get_if<Refusal>(&created)) Refuse(lua, *refusal);
  PushRecord(lua, world, std::get<Handle>(created));
  return 1;
}

// Updates the record, and then fills the caller's table with the record's present members.
int Update(lua_State* lua, void* context) {
  World& world = Of(context);
  const Handle handle = HandleAt(lua, 1);
  const std::optional<Refusal> refusal =
      UpdateRecord(world, handle, TableAt(lua, 2), TableAt(lua, 3), TableAt(lua, 4));
  if (refusal) Refuse(lua, *refusal);
  lua_settop(lua, 1);
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    lua_pop(lua, 1);
    lua_pushvalue(lua, -1);
    lua_pushnil(lua);
    lua_rawset(lua, 1);
  }
  PushJson(lua, *world.state().Get(handle));
  lua_pushnil(lua);
  while (lua_next(lua, 2) != 0) {
    lua_pushvalue(lua, -2);
    lua_insert(lua, -2);
    lua_rawset(lua, 1);
  }
  lua_settop(lua, 1);
  return 1;
}

int Delete(lua_State* lua, void* context) {
  const Handle handle = HandleAt(lua, 1);
  if (Of(context).state().Get(handle) != nullptr) Of(context).state().Erase(handle);
  return 0;
}

int RefuseCall(lua_State* lua, void*) {
  Refusal refusal{static_cast<int>(luaL_checkinteger(lua, 1)), TextAt(lua, 2), TextAt(lua, 3), {}};
  if (!lua_isnoneornil(lua, 4)) {
    refusal.violations.push_back({"rule", refusal.message, TextAt(lua, 4)});
  }
  Refuse(lua, refusal);
}

int Flake(lua_State* lua, void* context) {
  PushText(lua, Of(context).NextId());
  return 1;
}

int Token(lua_State* lua, void* context) {
  PushText(lua, Of(context).NextToken());
  return 1;
}

int Now(lua_State* lua, void* context) {
  PushText(lua, TimeText(Of(context).Now()));
  return 1;
}

// Returns seconds since 1970 for the given time, or for now.
int Epoch(lua_State* lua, void* context) {
  absl::Time time = Of(context).Now();
  if (!lua_isnoneornil(lua, 1) &&
      !absl::ParseTime(absl::RFC3339_full, TextAt(lua, 1), &time, nullptr)) {
    return luaL_argerror(lua, 1, "a time is expected");
  }
  lua_pushinteger(lua, absl::ToUnixSeconds(time));
  return 1;
}

int Later(lua_State* lua, void*) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, TextAt(lua, 1), &time, nullptr)) {
    return luaL_argerror(lua, 1, "a time is expected");
  }
  PushText(lua, TimeText(time + absl::Seconds(luaL_checkinteger(lua, 2))));
  return 1;
}

int PageUrl(lua_State* lua, void* context) {
  PushText(lua, Of(context).public_url + "/pay/" + TextAt(lua, 1));
  return 1;
}

int Emit(lua_State* lua, void* context) {
  Of(context).effects.events.push_back(TableAt(lua, 1));
  return 0;
}

// Returns the body of an event, in the shape that the provider documents for the event's type.
int Shown(lua_State* lua, void* context) {
  World& world = Of(context);
  const std::string type = TextAt(lua, 1);
  const Contract::Event* const event =
      world.events == nullptr ? nullptr : world.events->FindEvent(type);
  if (event == nullptr) return luaL_error(lua, "there is no event %s", type.c_str());
  PushJson(lua, Render(world, event->type, TableAt(lua, 2)), Nulls::kKept);
  return 1;
}

int After(lua_State* lua, void* context) {
  World& world = Of(context);
  const absl::Time due = world.Now() + absl::Seconds(luaL_checkinteger(lua, 1));
  world.effects.jobs.push_back({due, TextAt(lua, 2), TableAt(lua, 3)});
  return 0;
}

int Slug(lua_State* lua, void*) {
  std::string slug;
  for (const char c : TextAt(lua, 1)) {
    if (absl::ascii_isalnum(c)) {
      slug += absl::ascii_tolower(c);
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  PushText(lua, slug);
  return 1;
}

}  // namespace

const std::vector<Script::Function>& WorldFunctions() {
  static const auto& functions = *new std::vector<Script::Function>{
      {"after", &After},   {"all", &All},     {"count", &Count},      {"create", &Create},
      {"delete", &Delete}, {"emit", &Emit},   {"epoch", &Epoch},      {"fetch", &Fetch},
      {"find", &Find},     {"flake", &Flake}, {"later", &Later},      {"list", &List},
      {"newest", &Newest}, {"now", &Now},     {"page_url", &PageUrl}, {"refuse", &RefuseCall},
      {"shown", &Shown},   {"slug", &Slug},   {"token", &Token},      {"update", &Update},
  };
  return functions;
}

}  // namespace gateway::sandbox

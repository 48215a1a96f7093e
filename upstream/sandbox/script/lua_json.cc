#include "upstream/sandbox/script/lua_json.h"

#include <lauxlib.h>

#include <limits>
#include <string>

namespace gateway::sandbox {
namespace {

constexpr int kMaxDepth = 100;
constexpr char kArray[] = "array";

void PushObject(lua_State* lua, const Json& json, Nulls nulls) {
  lua_createtable(lua, 0, static_cast<int>(json.size()));
  for (const auto& [name, value] : json.items()) {
    if (value.is_null() && nulls == Nulls::kLeftOut) continue;
    PushJson(lua, value, nulls);
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
    } else {
      lua_setfield(lua, -2, name.c_str());
    }
  }
}

bool IsArray(lua_State* lua, int index) {
  if (lua_rawlen(lua, index) > 0) return true;
  if (lua_getmetatable(lua, index) == 0) return false;
  luaL_getmetatable(lua, kArray);
  const bool array = lua_rawequal(lua, -1, -2) != 0;
  lua_pop(lua, 2);
  return array;
}

Json ReadValue(lua_State* lua, int index, int depth);

Json ReadTable(lua_State* lua, int index, int depth) {
  if (IsArray(lua, index)) {
    Json array = Json::array();
    const auto length = static_cast<lua_Integer>(lua_rawlen(lua, index));
    for (lua_Integer i = 1; i <= length; ++i) {
      lua_rawgeti(lua, index, i);
      array.push_back(ReadValue(lua, -1, depth));
      lua_pop(lua, 1);
    }
    return array;
  }
  Json object = Json::object();
  lua_pushnil(lua);
  while (lua_next(lua, index) != 0) {
    if (lua_type(lua, -2) != LUA_TSTRING) luaL_error(lua, "a member's name must be a text");
    object[lua_tostring(lua, -2)] = ReadValue(lua, -1, depth);
    lua_pop(lua, 1);
  }
  return object;
}

Json ReadValue(lua_State* lua, int index, int depth) {
  if (depth > kMaxDepth) luaL_error(lua, "a value is nested too deeply");
  luaL_checkstack(lua, 4, nullptr);
  switch (lua_type(lua, index)) {
    case LUA_TNIL:
      return Absent();
    case LUA_TLIGHTUSERDATA:
      return nullptr;
    case LUA_TBOOLEAN:
      return lua_toboolean(lua, index) != 0;
    case LUA_TNUMBER:
      if (lua_isinteger(lua, index)) return int64_t{lua_tointeger(lua, index)};
      return lua_tonumber(lua, index);
    case LUA_TSTRING: {
      size_t size = 0;
      const char* const text = lua_tolstring(lua, index, &size);
      return std::string(text, size);
    }
    case LUA_TTABLE:
      return ReadTable(lua, lua_absindex(lua, index), depth + 1);
    case LUA_TFUNCTION:
      return Json::binary({});
    default:
      luaL_error(lua, "a value has no form in JSON");
      return nullptr;
  }
}

}  // namespace

void MarkArray(lua_State* lua) {
  luaL_newmetatable(lua, kArray);
  lua_setmetatable(lua, -2);
}

void PushJson(lua_State* lua, const Json& json, Nulls nulls) {
  luaL_checkstack(lua, 6, nullptr);
  if (json.is_discarded()) {
    lua_pushnil(lua);
  } else if (json.is_null()) {
    lua_pushlightuserdata(lua, nullptr);
  } else if (json.is_boolean()) {
    lua_pushboolean(lua, json.get<bool>());
  } else if (json.is_number_unsigned() &&
             json.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
    lua_pushnumber(lua, json.get<double>());
  } else if (json.is_number_integer()) {
    lua_pushinteger(lua, json.get<int64_t>());
  } else if (json.is_number()) {
    lua_pushnumber(lua, json.get<double>());
  } else if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    lua_pushlstring(lua, text.data(), text.size());
  } else if (json.is_array()) {
    lua_createtable(lua, static_cast<int>(json.size()), 0);
    MarkArray(lua);
    for (size_t i = 0; i < json.size(); ++i) {
      PushJson(lua, json[i], nulls);
      lua_rawseti(lua, -2, static_cast<lua_Integer>(i + 1));
    }
  } else {
    PushObject(lua, json, nulls);
  }
}

Json ToJson(lua_State* lua, int index) { return ReadValue(lua, lua_absindex(lua, index), 0); }

}  // namespace gateway::sandbox

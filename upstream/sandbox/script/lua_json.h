// Converts JSON to Lua values and back.
//
//   JSON  <->  Lua
//   null  <->  `null`, a value of its own; left out of objects unless Nulls::kKept
//   []    <->  a table made by array{...}, or a table whose keys begin with 1
//   {}    <->  any other table
//
// Use on the thread of the Lua state only.
#ifndef UPSTREAM_SANDBOX_SCRIPT_LUA_JSON_H_
#define UPSTREAM_SANDBOX_SCRIPT_LUA_JSON_H_

#include <lua.h>

#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

enum class Nulls { kLeftOut, kKept };

// Pushes the value on the stack. Absent() becomes nil.
void PushJson(lua_State* lua, const Json& json, Nulls nulls = Nulls::kLeftOut);

// Returns the value at the index. A function becomes a marker (see IsFunction). A Lua value without
// a JSON form raises a Lua error.
Json ToJson(lua_State* lua, int index);

// Gives the table on top of the stack the metatable of arrays.
void MarkArray(lua_State* lua);

// Whether the value is the marker that ToJson() returns for a Lua function.
inline bool IsFunction(const Json& value) { return value.is_binary(); }

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_SCRIPT_LUA_JSON_H_

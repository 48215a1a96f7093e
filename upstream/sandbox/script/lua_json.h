// JSON to Lua's values and back.
//
//   null  <->  `null`, a value of its own; left out of objects unless Nulls::kKept
//   []    <->  a table made by array{...}, or one whose keys begin with 1
//   {}    <->  any other table
//
// For one thread: the state's.
#ifndef UPSTREAM_SANDBOX_SCRIPT_LUA_JSON_H_
#define UPSTREAM_SANDBOX_SCRIPT_LUA_JSON_H_

#include <lua.h>

#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

enum class Nulls { kLeftOut, kKept };

// Leaves the value on the stack. What is absent becomes nil.
void PushJson(lua_State* lua, const Json& json, Nulls nulls = Nulls::kLeftOut);

// The value at the index. A function becomes a marker, see IsFunction; what JSON has no form for
// is an error in Lua.
Json ToJson(lua_State* lua, int index);

// Gives the table on top of the stack the metatable of arrays.
void MarkArray(lua_State* lua);

// Where a script has a function in place of a value.
inline bool IsFunction(const Json& value) { return value.is_binary(); }

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_SCRIPT_LUA_JSON_H_

#include "upstream/sandbox/script/script.h"

#include <lauxlib.h>
#include <lualib.h>

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/script/lua_json.h"

namespace gateway::sandbox {
namespace {

constexpr int kStepsAtATime = 10000;
constexpr char kSettings[] = "settings";

// Functions of the basic library that scripts must not have: they read files, load code, write
// output, change metatables or globals, or catch errors. A script that catches errors would also
// catch the error that ends a script that runs too long.
constexpr const char* kTakenAway[] = {"dofile",       "load",         "loadfile", "pcall",
                                      "xpcall",       "print",        "warn",     "collectgarbage",
                                      "getmetatable", "setmetatable", "rawset",   "_G"};

Json ToJson(const Refusal& refusal) {
  Json violations = Json::array();
  for (const Violation& one : refusal.violations) {
    violations.push_back({{"code", one.code}, {"message", one.message}, {"path", one.path}});
  }
  return {{"status", refusal.status},
          {"code", refusal.code},
          {"message", refusal.message},
          {"violations", violations}};
}

Refusal ToRefusal(const Json& json) {
  Refusal refusal{json.value("status", 500), json.value("code", ""), json.value("message", ""), {}};
  for (const Json& one : json.value("violations", Json::array())) {
    refusal.violations.push_back(
        {one.value("code", ""), one.value("message", ""), one.value("path", "")});
  }
  return refusal;
}

int Array(lua_State* lua) {
  lua_settop(lua, 1);
  if (lua_isnoneornil(lua, 1)) lua_newtable(lua);
  MarkArray(lua);
  return 1;
}

}  // namespace

Script::Script(Limits limits) : limits_(limits) {}

Script::~Script() {
  if (lua_ != nullptr) lua_close(lua_);
}

void* Script::Allocate(void* context, void* block, size_t old_size, size_t new_size) {
  auto& script = *static_cast<Script*>(context);
  // For a new block, Lua passes the kind of object in place of the old size.
  const size_t before = block == nullptr ? 0 : old_size;
  if (new_size == 0) {
    std::free(block);
    script.bytes_ -= before;
    return nullptr;
  }
  if (new_size > before && script.bytes_ + (new_size - before) > script.limits_.bytes) {
    return nullptr;
  }
  void* const moved = std::realloc(block, new_size);
  if (moved != nullptr) script.bytes_ += new_size - before;
  return moved;
}

void Script::CountSteps(lua_State* lua, lua_Debug*) {
  Script& script = **static_cast<Script**>(lua_getextraspace(lua));
  script.steps_left_ -= kStepsAtATime;
  if (script.steps_left_ < 0) luaL_error(lua, "the script takes too many steps");
}

absl::StatusOr<std::unique_ptr<Script>> Script::Load(const std::vector<File>& files,
                                                     const std::vector<Function>& functions,
                                                     void* context, Limits limits) {
  std::unique_ptr<Script> script(new Script(limits));
  script->context_ = context;
  script->lua_ = lua_newstate(&Script::Allocate, script.get());
  if (script->lua_ == nullptr) return absl::ResourceExhaustedError("no memory for a script");
  *static_cast<Script**>(lua_getextraspace(script->lua_)) = script.get();
  script->Refill();
  lua_sethook(script->lua_, &Script::CountSteps, LUA_MASKCOUNT, kStepsAtATime);
  script->Open(functions);
  for (const File& file : files) {
    if (absl::Status status = script->Run(file); !status.ok()) return status;
  }
  if (!script->settings_.is_object()) {
    return absl::InvalidArgumentError("the behaviour returns no table");
  }
  return script;
}

void Script::Open(const std::vector<Function>& functions) {
  luaL_requiref(lua_, LUA_GNAME, luaopen_base, 1);
  luaL_requiref(lua_, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(lua_, LUA_STRLIBNAME, luaopen_string, 1);
  lua_pushnil(lua_);
  lua_setfield(lua_, -2, "dump");
  luaL_requiref(lua_, LUA_MATHLIBNAME, luaopen_math, 1);
  luaL_requiref(lua_, LUA_UTF8LIBNAME, luaopen_utf8, 1);
  lua_settop(lua_, 0);
  for (const char* const name : kTakenAway) {
    lua_pushnil(lua_);
    lua_setglobal(lua_, name);
  }
  lua_pushlightuserdata(lua_, nullptr);
  lua_setglobal(lua_, "null");
  lua_pushcfunction(lua_, &Array);
  lua_setglobal(lua_, "array");
  for (const Function& function : functions) {
    bound_.push_back(std::make_unique<Bound>(Bound{this, function}));
    lua_pushlightuserdata(lua_, bound_.back().get());
    lua_pushcclosure(lua_, &Script::CallBound, 1);
    lua_setglobal(lua_, function.name);
  }
}

int Script::CallBound(lua_State* lua) {
  const Bound& bound = *static_cast<Bound*>(lua_touserdata(lua, lua_upvalueindex(1)));
  try {
    return bound.function.call(lua, bound.script->context_);
  } catch (const std::exception& error) {
    return luaL_error(lua, "%s: %s", bound.function.name, error.what());
  }
}

// Only text is loaded: bytecode can break the state.
absl::Status Script::Run(const File& file) {
  const std::string name = absl::StrCat("=", file.name, ".lua");
  if (luaL_loadbufferx(lua_, file.text.data(), file.text.size(), name.c_str(), "t") != LUA_OK ||
      lua_pcall(lua_, 0, 1, 0) != LUA_OK) {
    return absl::InvalidArgumentError(TakeError());
  }
  if (lua_istable(lua_, -1)) {
    lua_pushvalue(lua_, -1);
    lua_setglobal(lua_, kSettings);
    settings_ = gateway::sandbox::ToJson(lua_, -1);
  }
  lua_settop(lua_, 0);
  return absl::OkStatus();
}

std::string Script::TakeError() {
  const char* const text = lua_tostring(lua_, -1);
  std::string error = text == nullptr ? "an error that is no text" : text;
  lua_settop(lua_, 0);
  return error;
}

// Pushes the provider's own function at the path (in the settings) or, if there is none, the common
// function (a global). Returns false if there is neither.
bool Script::PushFunction(const Path& path) {
  lua_getglobal(lua_, kSettings);
  if (PushMember(path)) return true;
  lua_pop(lua_, 1);
  lua_pushglobaltable(lua_);
  return PushMember(path);
}

// Replaces the table on top of the stack by its member at the path. Returns whether that is a
// function.
bool Script::PushMember(const Path& path) {
  for (const std::string& name : path) {
    if (!lua_istable(lua_, -1)) return false;
    lua_getfield(lua_, -1, name.c_str());
    lua_remove(lua_, -2);
  }
  return lua_isfunction(lua_, -1);
}

// Runs under lua_pcall, so that a lack of memory is an error like any other.
int Script::Invoke(lua_State* lua) {
  auto& invocation = *static_cast<Invocation*>(lua_touserdata(lua, 1));
  luaL_checkstack(lua, 20, nullptr);
  if (!invocation.script->PushFunction(invocation.path)) return 0;
  PushJson(lua, invocation.argument);
  PushJson(lua, invocation.sent, Nulls::kKept);
  lua_call(lua, 2, 1);
  invocation.result = gateway::sandbox::ToJson(lua, -1);
  return 0;
}

std::variant<Json, Refusal> Script::Call(const Path& path, const Json& argument, const Json& sent) {
  const int top = lua_gettop(lua_);
  Invocation invocation{this, path, argument, sent, Absent()};
  lua_pushcfunction(lua_, &Script::Invoke);
  lua_pushlightuserdata(lua_, &invocation);
  const int status = lua_pcall(lua_, 1, 0, 0);
  if (status == LUA_OK) return std::move(invocation.result);
  Refusal refusal{500, "internal", "the script failed", {}};
  if (lua_istable(lua_, -1)) {
    refusal = ToRefusal(gateway::sandbox::ToJson(lua_, -1));
  } else if (const char* const text = lua_tostring(lua_, -1); text != nullptr) {
    refusal.message = text;
  }
  lua_settop(lua_, top);
  return refusal;
}

Json Script::Value(const Path& path, const Json& argument) {
  std::variant<Json, Refusal> result = Call(path, argument, Absent());
  Json* const value = std::get_if<Json>(&result);
  return value == nullptr ? Absent() : std::move(*value);
}

void Refuse(lua_State* lua, const Refusal& refusal) {
  PushJson(lua, ToJson(refusal));
  lua_error(lua);
  std::abort();
}

}  // namespace gateway::sandbox

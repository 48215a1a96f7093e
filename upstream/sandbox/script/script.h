// A provider's behaviour: Lua files, run in a Lua state that has only the language and the
// functions that the sandbox adds.
//
//   auto script = Script::Load(files, functions, context, limits);
//   const Json& settings = (*script)->settings();    // the table that the last file returns
//   std::variant<Json, Refusal> reply = (*script)->Call({"serve"}, call, body);
//
// The files can use the libraries table, string, math and utf8, and the basic functions except the
// functions in kTakenAway (script.cc), such as those that load code or catch errors. A call that
// takes too many steps or too much memory is a refusal with status 500.
//
// Not thread-safe: the handler holds one lock around each request. Lua must be built as C++: then a
// Lua error is a C++ exception, and destructors run.
#ifndef UPSTREAM_SANDBOX_SCRIPT_SCRIPT_H_
#define UPSTREAM_SANDBOX_SCRIPT_SCRIPT_H_

#include <lua.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/refusal.h"

namespace gateway::sandbox {

class Script {
 public:
  struct Limits {
    size_t bytes = 128 << 20;
    int64_t steps = 50'000'000;
  };
  struct File {
    absl::string_view name;
    absl::string_view text;
  };
  // A C++ function that scripts call by this name. `context` is the pointer that Load was given.
  struct Function {
    const char* name;
    int (*call)(lua_State* lua, void* context);
  };
  // Names of members, from the settings inwards.
  using Path = std::vector<std::string>;

  // Runs the files in their order; the last returns the settings. Fails on an error in them, naming
  // file and line. `context` must outlive the script.
  static absl::StatusOr<std::unique_ptr<Script>> Load(const std::vector<File>& files,
                                                      const std::vector<Function>& functions,
                                                      void* context, Limits limits);
  ~Script();
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // The table that the last file returned. A function in the table is a marker, see IsFunction.
  const Json& settings() const { return settings_; }

  // Calls the function at the path within the settings or, if the settings have none, within the
  // globals. `sent` is passed as a second argument, with its nulls kept. Returns Absent() if there
  // is no such function.
  std::variant<Json, Refusal> Call(const Path& path, const Json& argument, const Json& sent);
  // Like Call, but returns Absent() in place of a refusal.
  Json Value(const Path& path, const Json& argument);

  // Gives the script a new budget of steps. Call it once for each request.
  void Refill() { steps_left_ = limits_.steps; }

 private:
  struct Bound {
    Script* script;
    Function function;
  };
  struct Invocation {
    Script* script;
    const Path& path;
    const Json& argument;
    const Json& sent;
    Json result;
  };

  explicit Script(Limits limits);
  absl::Status Run(const File& file);
  void Open(const std::vector<Function>& functions);
  bool PushFunction(const Path& path);
  bool PushMember(const Path& path);
  std::string TakeError();

  static void* Allocate(void* context, void* block, size_t old_size, size_t new_size);
  static void CountSteps(lua_State* lua, lua_Debug* at);
  static int CallBound(lua_State* lua);
  static int Invoke(lua_State* lua);

  const Limits limits_;
  size_t bytes_ = 0;
  int64_t steps_left_ = 0;
  void* context_ = nullptr;
  std::vector<std::unique_ptr<Bound>> bound_;
  lua_State* lua_ = nullptr;
  Json settings_;
};

// Ends the running script with this refusal. Does not return.
[[noreturn]] void Refuse(lua_State* lua, const Refusal& refusal);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_SCRIPT_SCRIPT_H_

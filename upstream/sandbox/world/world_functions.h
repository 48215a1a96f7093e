// The functions through which a script uses the sandbox's state: find, create, update, delete and
// list records, refuse, make IDs and times. behaviour/prelude.lua documents the arguments.
//
// Use on the thread of the Lua state only. The context of each function is a World.
#ifndef UPSTREAM_SANDBOX_WORLD_WORLD_FUNCTIONS_H_
#define UPSTREAM_SANDBOX_WORLD_WORLD_FUNCTIONS_H_

#include <vector>

#include "upstream/sandbox/script/script.h"

namespace gateway::sandbox {

const std::vector<Script::Function>& WorldFunctions();

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_WORLD_FUNCTIONS_H_

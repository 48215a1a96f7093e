// What a script may do with the sandbox's memory: find, create, update, delete and list records,
// refuse, make ids and times. behaviour/prelude.lua says what each function takes.
//
// For one thread: the state's. The context of each function is a World.
#ifndef UPSTREAM_SANDBOX_WORLD_WORLD_FUNCTIONS_H_
#define UPSTREAM_SANDBOX_WORLD_WORLD_FUNCTIONS_H_

#include <vector>

#include "upstream/sandbox/script/script.h"

namespace gateway::sandbox {

const std::vector<Script::Function>& WorldFunctions();

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_WORLD_FUNCTIONS_H_

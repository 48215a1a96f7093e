// Runs the steps of the behaviour's rules against the world. Operation and seed are written in the
// same steps.
//
// A rule is an object:
//   "steps"   what is done, in order (below); without them the path's shape says it (see derive.h)
//   "before"  steps that run ahead of the derived ones
//   "after"   steps that run behind the derived ones
//   "reply"   an expression (see expression.h), shown through the operation's declared reply;
//             absent: no content
//   "where"   further relations that items of a derived list or lookup must have
//   "set"     further members that a derived create or update sets
//   "filters" how query parameters narrow a list, where the item has no member of the parameter's
//             name (see listing.h)
//   "like"    another operation, whose stated "steps" are taken
//   "dry_run" true: what the steps did is taken back once the reply is made
//   "order_by" the member by which a list without paging is sorted; the id otherwise
//
// A step is one of (E: expression, R: the name of a bound record, C: a collection, that is a
// schema's name):
//   {"find": C, "where": E, "as": R}          binds the first record; 404 where there is none,
//                                             unless "optional": true
//   {"list": C, "where": E, "as": name}       binds the records that the query asks for
//   {"create": C, "from": E, "set": E, "as": R}  "from" is lifted from the request (see lift.h),
//                                             "set" and what the behaviour has as "defaults"
//                                             completes it; "hidden" members are kept beside it
//                                             and never shown
//   {"update": R, "from": E, "set": E, "hidden": E}
//   {"delete": R}
//   {"delete_all": C, "where": E}
//   {"require": E, "else": {"status", "code", "message", "path"?}}  refuses unless E is true
//   {"let": name, "be": E}
//   {"for": L, "as": name, "steps": [...]}    L: a list, or a number of rounds; "name_index" is
//                                             bound too
//   {"when": E, "steps": [...]}
//
// A refusal ends the rule; the caller takes back what was done until then.
#ifndef UPSTREAM_SANDBOX_RULES_H_
#define UPSTREAM_SANDBOX_RULES_H_

#include <map>
#include <optional>
#include <string>

#include "upstream/sandbox/expression.h"
#include "upstream/sandbox/refusal.h"
#include "upstream/sandbox/state.h"
#include "upstream/sandbox/world.h"

namespace gateway::sandbox {

// What a rule runs with; steps add to it. A record bound by name is in both maps.
struct Scope {
  Names names;
  std::map<std::string, Handle> records;
};

// Binds a record by name.
void Bind(World& world, Scope& scope, const std::string& name, const Handle& handle);

// `operation` is the one being answered: its query parameters and `rule` narrow the lists. nullptr:
// none.
std::optional<Refusal> RunSteps(World& world, Scope& scope, const Json& steps,
                                const Operation* operation, const Json& rule);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_RULES_H_

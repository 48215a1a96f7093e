// The values in the behaviour's rules.
//
//   expression = "$" reference            the value of a name, absent where there is none
//              | text with "${" reference "}"   the text with the references' values in it
//              | { "$operator": operand, ... }  see below
//              | { member: expression, ... }    an object; absent members are left out
//              | [ expression, ... ]            a list; absent elements are left out
//              | any other JSON value           itself
//   reference  = name { "." member }      leads through the elements of every list that it meets,
//                                         and is a list then
//
// Names: "path", "query" and "body" (the request's parts), every path parameter without its "Id"
// (the record that it names: "order"), whatever a step bound by "as", and these, made anew at each
// use: "flake" (an id), "token", "now", "epoch" (now in seconds since 1970), "actor" (who calls:
// the API key).
//
// Operators; E is any expression, L one that yields a list:
//   {"$first": [E...]}                       the first that is neither absent nor null
//   {"$if": E, "then": E, "else": E}         E counts as true unless absent, null, false, 0, "" or
//                                            empty
//   {"$not": E} {"$and": [E...]} {"$or": [E...]} {"$eq": [E, E]} {"$less": [E, E]} {"$in": [E, L]}
//   {"$sum": [E...]}                         of all numbers in these and in the lists among these
//   {"$times": [E, E]} {"$minus": [E, E]}    integers; what does not fit is clamped to 64 bits
//   {"$count": E}                            elements, members or characters
//   {"$each": L, "as": name, "value": E}     E for each element, with "name" and "name_index" bound
//   {"$concat": [L...]}                      one list
//   {"$index": L, "by": path}                an object of the elements by the text at `path`
//   {"$merge": [E...]}                       objects into one, the later ones win
//   {"$at": [L, E]}                          the element at E modulo the count
//   {"$find": collection, "where": E}        the first record with these relations (see Matches),
//                                            or absent
//   {"$all": collection, "where": E}         all of them
//   {"$select": [E, path]}                   a list of the values at the path
//   {"$slug": E}                             lower case, runs of anything but letters and digits as
//                                            one dash
//   {"$later": [E, seconds]}                 a time moved
#ifndef UPSTREAM_SANDBOX_EXPRESSION_H_
#define UPSTREAM_SANDBOX_EXPRESSION_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/world.h"

namespace gateway::sandbox {

using Names = std::map<std::string, Json>;

// Never fails: an operand of the wrong kind makes the result absent. `names` is changed only while
// it runs.
Json Evaluate(World& world, Names& names, const Json& expression);

// The same for the relations of a lookup: a member whose value is absent stays, and no record has
// that relation. (An operator that makes the whole object leaves such members out.)
Json EvaluateWhere(World& world, Names& names, const Json& expression);

bool IsTrue(const Json& value);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_EXPRESSION_H_

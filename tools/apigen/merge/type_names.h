// Matches types of the protos to schemas of the upstream. A type keeps its name if the upstream
// renames the schema, or replaces it by another schema with the same members.
//
//   committed: enum CouponDurationEnum {...}
//              message CouponDto { CouponDurationEnum duration = 3; }
//   upstream:  CouponDurationDto, same texts; CouponDto.duration is a CouponDurationDto
//   result:    enum CouponDurationEnum { option (gateway.v1.enum_schema).name =
//                  "CouponDurationDto"; ... }
//
// The evidence is the places where a type is used (places.h). If a committed type is gone, each
// place where it was used is looked up in the new contract. The type is renamed if one schema is
// now at half or more of these places and has similar members or texts: one set includes the other,
// or both share at least half of all. If the evidence is not sufficient, the report asks: see
// Question and decisions.h.
#ifndef TOOLS_APIGEN_MERGE_TYPE_NAMES_H_
#define TOOLS_APIGEN_MERGE_TYPE_NAMES_H_

#include <map>
#include <string>
#include <vector>

#include "tools/apigen/committed/decisions.h"
#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// A committed type is gone, and it is uncertain whether a new schema is its successor.
struct Question {
  std::string type;
  // The upstream's names of the schemas that may be the successor.
  std::vector<std::string> candidates;
};

struct TypeNames {
  // Maps each derived type to the committed types that it stands for; several if the upstream has
  // merged several schemas. A new type has no entry until ApplyTypeNames() names it.
  std::map<std::string, std::vector<std::string>> committed_as;
  // Renames found in this run: committed type -> the upstream's new name.
  std::map<std::string, std::string> renamed;
  // Maps a new type to the committed type whose place it took and with which it shares members. The
  // new type takes over the committed type's numbers, so that old bytes stay readable.
  std::map<std::string, std::string> numbers_from;
  std::vector<Question> questions;
};

TypeNames FindTypeNames(const Contract& committed, const Contract& derived,
                        const Decisions& decisions);

// Returns `derived` with the type names of the protos. Adds the names of new types to `names`.
Contract ApplyTypeNames(const Contract& committed, const Contract& derived, TypeNames& names);

// Returns `committed`, plus a copy under the new name for each entry of numbers_from.
Contract WithNumbersFrom(const Contract& committed, const TypeNames& names);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_TYPE_NAMES_H_

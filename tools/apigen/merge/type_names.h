// Matches types of the protos to schemas of the upstream. A type keeps its name if the upstream
// renames the schema, or replaces it by another schema with the same members.
//
//   committed: enum CouponDurationEnum {...}
//              message CouponDto { CouponDurationEnum duration = 3; }
//   upstream:  CouponDurationDto, same texts; CouponDto.duration is a CouponDurationDto
//   result:    enum CouponDurationEnum { option (gateway.v1.enum_schema).name =
//                  "CouponDurationDto"; ... }
//
// The evidence is the places: a type that is gone is looked up at each place where it was used. It
// is renamed if one schema is at half or more of those places now, and has the same members or
// texts, or most of them. If the evidence is not sufficient, the run asks: see Question and
// decisions.h.
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
  // Maps each derived type to the types of the protos. Several if the upstream has merged several
  // schemas; none if the type is new.
  std::map<std::string, std::vector<std::string>> committed_as;
  // Renames found in this run: committed type -> the upstream's new name.
  std::map<std::string, std::string> renamed;
  // Maps a new type to the committed type whose place it took and with which it shares members. It
  // takes over that type's numbers, so that old bytes stay readable.
  std::map<std::string, std::string> numbers_from;
  std::vector<Question> questions;
};

TypeNames FindTypeNames(const Contract& committed, const Contract& derived,
                        const Decisions& decisions);

// Returns `derived` with the type names of the protos.
Contract ApplyTypeNames(const Contract& committed, const Contract& derived, TypeNames& names);

// Returns `committed`, plus a copy under the new name for each entry of numbers_from.
Contract WithNumbersFrom(const Contract& committed, const TypeNames& names);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_TYPE_NAMES_H_

// Which type of the protos stands for which schema of the upstream. A type keeps its name when the
// upstream renames the schema, or replaces it by another one with the same members.
//
//   committed: enum CouponDurationEnum {...}        message CouponDto { CouponDurationEnum duration
//   = 3; } upstream:  CouponDurationDto, same texts        CouponDto.duration is a
//   CouponDurationDto result:    enum CouponDurationEnum { option (gateway.v1.enum_schema).name =
//   "CouponDurationDto"; ...
//
// Evidence are the places: a type that is gone is looked up at each place where it stood. It is
// renamed if one schema stands at those places now and has the same members or texts, or most of
// them. Where the evidence does not do, the run asks: see Question and decisions.h.
#ifndef TOOLS_APIGEN_TYPE_NAMES_H_
#define TOOLS_APIGEN_TYPE_NAMES_H_

#include <map>
#include <string>
#include <vector>

#include "tools/apigen/decisions.h"
#include "tools/apigen/model.h"

namespace gateway::apigen {

// A committed type is gone, and it is not certain whether it has another name now.
struct Question {
  std::string type;
  // The upstream's names of the schemas that may be meant.
  std::vector<std::string> candidates;
};

struct TypeNames {
  // Types of the protos for each type that was derived. More than one where the upstream has put
  // several schemas together. None: the type is new.
  std::map<std::string, std::vector<std::string>> committed_as;
  // Found in this run: committed type -> the upstream's new name.
  std::map<std::string, std::string> renamed;
  // A new type that stands where a committed one stood, with members in common, takes its numbers
  // from there: old bytes stay readable.
  std::map<std::string, std::string> numbers_from;
  std::vector<Question> questions;
};

TypeNames FindTypeNames(const Contract& committed, const Contract& derived,
                        const Decisions& decisions);

// `derived` under the names of the protos.
Contract ApplyTypeNames(const Contract& committed, const Contract& derived, TypeNames& names);

// `committed`, and for each entry of numbers_from a copy under the new name.
Contract WithNumbersFrom(const Contract& committed, const TypeNames& names);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_TYPE_NAMES_H_

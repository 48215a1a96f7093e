// The part of merging that concerns one message or one enum. Pure functions.
#ifndef TOOLS_APIGEN_MERGE_MERGE_TYPES_H_
#define TOOLS_APIGEN_MERGE_MERGE_TYPES_H_

#include <functional>
#include <set>
#include <string>

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

struct FieldMatching {
  // These functions return the key of a field, usually its name in JSON. A committed and a derived
  // field with equal keys are the same field.
  std::function<std::string(const Field&)> committed_key = WireNameOf;
  std::function<std::string(const Field&)> derived_key = WireNameOf;
  // Whether bytes that were written as the type `committed` keep their meaning when they are read
  // as the type `derived`.
  std::function<bool(const std::string& committed, const std::string& derived)> same_bytes =
      [](const std::string& committed, const std::string& derived) { return committed == derived; };
  // Whether requests hold the message. If so, a field that becomes required is required of new
  // callers only.
  bool sent = false;
  // Whether these requests only create resources. If so, a required list that a caller does not
  // know can be sent empty.
  bool sent_to_create = false;
};

// A committed field keeps its name. If its type changed so that old bytes would be misread, the old
// number is reserved and the field takes a new one. A field that upstream no longer has stays if it
// is local. If it is in `documented`, it stays and becomes deprecated and local. Otherwise its
// number is reserved.
Message MergeMessage(const Message& committed, const Message& derived,
                     const FieldMatching& matching, const std::set<std::string>& documented);

// Values are matched by their text in JSON, then by name. A value that upstream no longer has is
// kept or reserved like a field in MergeMessage(); `documented` holds texts.
Enum MergeEnum(const Enum& committed, const Enum& derived, const std::set<std::string>& documented);

// An empty message in place of a type that is gone: it reserves the type's numbers and names.
Message Tombstone(const Message& committed);
Enum Tombstone(const Enum& committed);

// Whether `after` has each member of `before` with the same number and type, or else has reserved
// the member's number.
bool HasNumbersOf(const Message& before, const Message& after);
bool HasNumbersOf(const Enum& before, const Enum& after);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_MERGE_TYPES_H_

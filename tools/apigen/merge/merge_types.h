// The part of merging that concerns one message or one enum. Pure functions.
#ifndef TOOLS_APIGEN_MERGE_MERGE_TYPES_H_
#define TOOLS_APIGEN_MERGE_MERGE_TYPES_H_

#include <functional>
#include <set>
#include <string>

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

struct FieldMatching {
  // What identifies a field on either side. Usually its name in JSON.
  std::function<std::string(const Field&)> committed_key = WireNameOf;
  std::function<std::string(const Field&)> derived_key = WireNameOf;
  // Whether bytes written as the one type of the package mean the same when read as the other.
  std::function<bool(const std::string& committed, const std::string& derived)> same_bytes =
      [](const std::string& committed, const std::string& derived) { return committed == derived; };
  // Requests hold the message: a new requirement applies to new callers only.
  bool sent = false;
  // These requests only create things, so a list that callers do not know is sent empty for them.
  bool sent_to_create = false;
};

// A committed field keeps its name. If its type changed so that old bytes would be misread, the old
// number is reserved and the field takes a new one. Fields that upstream no longer has stay,
// deprecated and local, if they are in `documented`; otherwise their numbers are reserved.
Message MergeMessage(const Message& committed, const Message& derived,
                     const FieldMatching& matching, const std::set<std::string>& documented);

// Values are matched by their text in JSON, then by name. `documented` as above.
Enum MergeEnum(const Enum& committed, const Enum& derived, const std::set<std::string>& documented);

// An empty message in place of a type that is gone: it reserves the type's numbers and names.
Message Tombstone(const Message& committed);
Enum Tombstone(const Enum& committed);

// Whether each member of `before` has its number in `after`, or the number is reserved there.
bool HasNumbersOf(const Message& before, const Message& after);
bool HasNumbersOf(const Enum& before, const Enum& after);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_MERGE_TYPES_H_

// The google.protobuf.FieldMask of an update. It says which members of a PATCH body are sent, and
// which of them as null.
//
// A path names fields of the body as the proto spells them ("expires_at", "trial.enabled"); it may
// enter single messages, not lists or maps. `*` is refused: it would turn every field that a client
// does not know into null.
#ifndef UPSTREAM_MAPPING_REQUEST_UPDATE_MASK_H_
#define UPSTREAM_MAPPING_REQUEST_UPDATE_MASK_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {

struct UpdateMask {
  struct Entry;

  const Entry* Find(const FieldPlan& field) const;

  std::vector<Entry> entries;  // empty: the whole message
};

struct UpdateMask::Entry {
  const FieldPlan* field;
  UpdateMask below;  // empty: the whole field
};

// Reads the bytes of a FieldMask for `body`. Unknown paths are added to `violations`. Returns false
// if the bytes are not a FieldMask.
bool ReadUpdateMask(const MessagePlan& body, absl::string_view bytes, const Path& at,
                    Violations& violations, UpdateMask& mask);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_UPDATE_MASK_H_

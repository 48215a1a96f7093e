// Deviations of a successful reply from the protos: members that the protos do not have, required
// members that are missing, values that had to be changed. They show that the upstream's contract
// has changed. A deviation alone never fails a call: it is counted by field and named in the log,
// and an unknown enum text is passed on to the caller.
#ifndef UPSTREAM_MAPPING_DRIFT_H_
#define UPSTREAM_MAPPING_DRIFT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/plan.h"

namespace gateway::mapping {

struct Drift {
  enum class Kind {
    kUnknownMember,
    kUnknownEnumText,
    kMissingRequired,
    // A value that its field cannot hold was left out (FieldRules.loose, WireFromJson::Spare).
    kUnfitting,
    // A value was changed so that it could be passed on. `text` says how, in our own words.
    kAlteredValue,
  };

  Kind kind;
  // The message and its field. The field is null for an unknown member, and if the JSON text of the
  // reply was repaired. Both come from the protos, never from the wire.
  const MessagePlan* message;
  const FieldPlan* field;
  // The member's name or the enum's text as the upstream wrote it, cut to kMaxText bytes.
  // Untrusted, except for kAlteredValue.
  std::string text;
  size_t count = 1;  // in this reply

  static constexpr size_t kMaxText = 100;
};

// The drift of one reply, each kind and place once. Holds at most kMaxPlaces of each kind, so that
// many missing fields do not crowd out the enum texts that the caller must get.
class DriftList {
 public:
  static constexpr size_t kMaxPlaces = 32;

  void Add(Drift::Kind kind, const MessagePlan& message, const FieldPlan* field,
           absl::string_view text) {
    text = Utf8Prefix(text, Drift::kMaxText);
    size_t places = 0;
    for (Drift& drift : drifts_) {
      if (drift.kind == kind) ++places;
      if (drift.kind == kind && drift.message == &message && drift.field == field &&
          drift.text == text) {
        ++drift.count;
        return;
      }
    }
    if (places < kMaxPlaces) {
      drifts_.push_back({kind, &message, field, std::string(text)});
    }
  }

  std::vector<Drift> Take() { return std::move(drifts_); }

 private:
  std::vector<Drift> drifts_;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_DRIFT_H_

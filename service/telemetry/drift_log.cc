#include "service/telemetry/drift_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

using mapping::Drift;

absl::string_view Name(Drift::Kind kind) {
  switch (kind) {
    case Drift::Kind::kUnknownMember:
      return "unknown_member";
    case Drift::Kind::kUnknownEnumText:
      return "unknown_enum_text";
    case Drift::Kind::kMissingRequired:
      return "missing_required";
    case Drift::Kind::kUnfitting:
      return "unfitting";
    case Drift::Kind::kAlteredValue:
      return "altered_value";
  }
  return "";
}

const std::string& Place(const Drift& drift) {
  return drift.field == nullptr ? drift.message->full_name : drift.field->full_name;
}

}  // namespace

void DriftLog::Record(const std::vector<Drift>& drifts, const LogIds& ids, SteadyTime now) {
  if (drifts.empty()) return;
  const MutexLock lock(mutex_);
  if (now - period_begun_ >= kPeriod) {
    period_begun_ = now;
    logged_ = 0;
    for (auto& [name, entry] : entries_) entry.logged.clear();
  }
  for (const Drift& drift : drifts) {
    Entry& entry = entries_[absl::StrCat(Name(drift.kind), " ", Place(drift))];
    entry.count += drift.count;
    const auto& logged = entry.logged;
    if (std::find(logged.begin(), logged.end(), drift.text) != logged.end()) continue;
    if (logged_ >= kMaxLogged || logged.size() >= kMaxLoggedOfField) continue;
    ++logged_;
    entry.logged.push_back(drift.text);
    // The value of a sensitive field is never shown, even if it is only an unknown enum text.
    const bool hidden = drift.field != nullptr && drift.field->sensitive && !drift.text.empty();
    Log(Severity::kWarning, "the upstream's contract has moved", ids,
        {{"kind", std::string(Name(drift.kind))},
         {"field", Place(drift)},
         {"text", hidden ? "(sensitive)" : drift.text}});
  }
}

std::map<std::string, uint64_t> DriftLog::Counts() const {
  const MutexLock lock(mutex_);
  std::map<std::string, uint64_t> counts;
  for (const auto& [name, entry] : entries_) counts[name] = entry.count;
  return counts;
}

}  // namespace gateway

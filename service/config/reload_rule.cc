#include "service/config/reload_rule.h"

#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

constexpr absl::string_view kTrue = "true";

absl::Status Refused(absl::string_view path, ReloadRule rule) {
  const absl::string_view reason = rule == ReloadRule::kOffOnly
                                       ? "can be turned on by a restart alone"
                                       : "cannot change without a restart";
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", reason));
}

// `before` and `after` are null if the configuration has no such key, because its section is
// missing.
bool MayBecome(const RuledValue* before, const RuledValue* after) {
  const RuledValue& any = before != nullptr ? *before : *after;
  if (any.rule != ReloadRule::kOffOnly) {
    return before != nullptr && after != nullptr && *before == *after;
  }
  const bool was_on = before != nullptr && before->value == kTrue;
  const bool is_on = after != nullptr && after->value == kTrue;
  return was_on || !is_on;
}

}  // namespace

absl::string_view Name(ReloadRule rule) {
  switch (rule) {
    case ReloadRule::kTaken:
      return "";
    case ReloadRule::kRestart:
      return "restart";
    case ReloadRule::kOffOnly:
      return "restart to turn on";
    case ReloadRule::kSamePresence:
      return "restart to add or remove";
  }
  return "";
}

absl::Status CheckReload(const RuledValues& now, const RuledValues& next) {
  for (const auto& [path, before] : now) {
    const auto after = next.find(path);
    if (!MayBecome(&before, after == next.end() ? nullptr : &after->second)) {
      return Refused(path, before.rule);
    }
  }
  for (const auto& [path, after] : next) {
    if (!now.contains(path) && !MayBecome(nullptr, &after)) return Refused(path, after.rule);
  }
  return absl::OkStatus();
}

}  // namespace gateway

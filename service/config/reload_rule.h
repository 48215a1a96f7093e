// What a reload may do to each key of the configuration. The rule is a part of the key's
// declaration (config_reader.h). CheckReload applies all rules to a new configuration.
//
// Plain values and pure functions.
#ifndef SERVICE_CONFIG_RELOAD_RULE_H_
#define SERVICE_CONFIG_RELOAD_RULE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace gateway {

enum class ReloadRule {
  kTaken,    // the new value comes into force
  kRestart,  // a new value needs a restart; a section passes this rule on to all its keys
  kOffOnly,  // `true` needs a restart, `false` does not: a mistake must not switch a check off
  // For a section: a restart is needed to add or remove the section, or a named entry of it. A
  // change within the section or the entry needs none.
  kSamePresence,
};

// Returns the rule's text in the table of keys; "" for kTaken.
absl::string_view Name(ReloadRule rule);

// The rule and the value of a key. The value may be the default.
struct RuledValue {
  ReloadRule rule = ReloadRule::kTaken;
  std::string value;  // as JSON

  bool operator==(const RuledValue&) const = default;
};

// By the key's path: "upstreams.paynow.allow_plaintext". Keys with kTaken are left out.
using RuledValues = std::map<std::string, RuledValue>;

// INVALID_ARGUMENT names the first key that a reload must not change from `now` to `next`.
absl::Status CheckReload(const RuledValues& now, const RuledValues& next);

}  // namespace gateway

#endif  // SERVICE_CONFIG_RELOAD_RULE_H_

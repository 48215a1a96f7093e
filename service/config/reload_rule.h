// What a reload may do to each key of the configuration. The rule is a part of the key's
// declaration (config_reader.h); from all rules together follows whether a new configuration may
// take the place of the one in force.
//
// Plain values and a pure function.
#ifndef SERVICE_CONFIG_RELOAD_RULE_H_
#define SERVICE_CONFIG_RELOAD_RULE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace gateway {

enum class ReloadRule {
  kTaken,    // the new value comes into force
  kRestart,  // a new value needs a restart; so do all keys of the section that is declared so
  kOffOnly,  // `true` needs a restart, `false` does not: a slip must not switch a check off
  // For a section: that it is there, or which members it has, needs a restart. What they hold does
  // not.
  kSamePresence,
};

// What people read of a rule, in the table of keys. Empty for kTaken.
absl::string_view Name(ReloadRule rule);

// The value that a key with a rule has, defaults included.
struct RuledValue {
  ReloadRule rule = ReloadRule::kTaken;
  std::string value;  // as JSON

  bool operator==(const RuledValue&) const = default;
};

// By the key's path: "upstreams.paynow.allow_plaintext". Keys that a reload takes are left out.
using RuledValues = std::map<std::string, RuledValue>;

// INVALID_ARGUMENT names the first key that a reload must not change from `now` to `next`.
absl::Status CheckReload(const RuledValues& now, const RuledValues& next);

}  // namespace gateway

#endif  // SERVICE_CONFIG_RELOAD_RULE_H_

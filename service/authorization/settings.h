// Loads the files of the section `authorization`: the policy and the key set.
#ifndef SERVICE_AUTHORIZATION_SETTINGS_H_
#define SERVICE_AUTHORIZATION_SETTINGS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/authorization/authorizer.h"
#include "service/authorization/policy.h"
#include "service/config/authorization_config.h"
#include "upstream/mapping/route.h"

namespace gateway::authorization {

// Every method that the gateway may serve: those of the routes, of WebhookService, of reflection
// and of channelz.
std::vector<Method> MethodsOf(const mapping::RouteTable& routes);

// Errors begin with the setting: "policy_file: cannot be read". `present`: the settings in force;
// null at the start. A reload must not turn on what only a start may (`dry_run`).
absl::StatusOr<std::shared_ptr<const Settings>> Load(const Config& config,
                                                     const std::vector<Method>& methods,
                                                     const Settings* present = nullptr);

// Puts a new policy, or a new key set, in force from its text. The other one stays.
absl::Status ApplyPolicy(const Config& config, const std::string& text, Authorizer& authorizer);
absl::Status ApplyKeys(const Config& config, const std::string& text, Authorizer& authorizer);

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_SETTINGS_H_

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

// Every method that the gateway may serve: those of the routes and lists, of WebhookService,
// LedgerService and EventService, of reflection and of channelz.
std::vector<Method> MethodsOf(const mapping::RouteTable& routes);

// Reads the files of `config`. `client_cas`: the authorities that sign callers' certificates.
// Errors begin with the setting: "policy_file: cannot be read". `present`: the settings in force;
// null at the start. Parts that have not changed are shared with `present`, so verified tokens and
// certificates stay remembered. A reload that turns on `dry_run` is an error.
absl::StatusOr<std::shared_ptr<const Settings>> Load(const Config& config,
                                                     const ClientAuthorities& client_cas,
                                                     const std::vector<Method>& methods,
                                                     const Settings* present = nullptr);

// Each function replaces one part of the settings by the present content of its file. The part
// stays as it is if the content has not changed or is refused. Errors do not name the setting.
absl::Status LoadPolicy(const Config& config, const std::vector<Method>& methods,
                        Settings& settings);
absl::Status LoadKeys(const Config& config, Settings& settings);
void SetClientAuthorities(const ClientAuthorities& authorities, Settings& settings);

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_SETTINGS_H_

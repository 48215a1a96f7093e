// Decides for each call who makes it, and whether they may.
//
//   const Admission admission =
//       authorizer.Admit(generation->authorization, method, context, trace);
//   if (admission.refusal) ... the call ends with it ...
//   ... the call's store becomes known ...
//   if (const auto refusal = authorizer.CheckStore(admission, store)) ... the call ends with it ...
//
// Admit runs before the request message is read. CheckStore runs after the REST request is written
// and before it is sent: so it sees the store whose key the request would carry.
//
// Refusals are logged with caller, method and rule. The number of log lines is limited, for each
// kind of refusal and for all refusals together, so that strangers cannot fill the log.
//
// Thread-safety: may be used from any thread. A decision is valid for one call, and is based on the
// settings that were passed to Admit.
#ifndef SERVICE_AUTHORIZATION_AUTHORIZER_H_
#define SERVICE_AUTHORIZATION_AUTHORIZER_H_

#include <grpcpp/server_context.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "service/authorization/identity.h"
#include "service/authorization/peer_certificates.h"
#include "service/authorization/policy.h"
#include "service/authorization/token_verifier.h"
#include "service/config/authorization_config.h"
#include "service/log/line_budget.h"
#include "service/log/log.h"
#include "service/log/log_throttle.h"
#include "upstream/mapping/failure.h"

namespace gateway::authorization {

// The metadata that carries a token.
inline constexpr char kAuthorization[] = "authorization";

// A decision is based on these settings. They do not change once they are in force; only the
// caches of tokens and certificates do.
struct Settings {
  std::shared_ptr<const Policy> policy;   // null: every caller may do everything
  std::shared_ptr<TokenVerifier> tokens;  // null: tokens are ignored
  // Never null. A caller whose certificate has expired or leads to no authority is refused, even
  // without a policy.
  std::shared_ptr<PeerCertificates> certificates = std::make_shared<PeerCertificates>();

  // The texts and settings that the three above were made from.
  std::string policy_text;
  std::string keys_text;
  JwtConfig jwt;
  ClientAuthorities client_cas;
};

// The evidence of identity that a call carries. Views into data that the call owns.
struct Presented {
  using Texts = absl::InlinedVector<absl::string_view, 1>;
  Texts spiffe;                   // SPIFFE IDs of the verified certificate
  Texts dns;                      // DNS names of the verified certificate
  absl::string_view certificate;  // in PEM; empty: the caller showed no certificate
  absl::string_view chain;        // in PEM; the other certificates that the caller showed
  Texts authorization;            // all values of the metadata kAuthorization
  const LogIdSource* call = nullptr;
};

// A decision on one call.
struct Admission {
  std::shared_ptr<const Settings> settings;
  size_t method = 0;
  const LogIdSource* call = nullptr;  // for the log; lives as long as the call
  Identity caller;
  Grant grant;
  // If set, the call must end with this failure.
  std::optional<mapping::Failure> refusal;

  // Whether CheckStore would allow the store. Logs nothing: for answers that silently leave out
  // what the caller may not see.
  bool Covers(absl::string_view store) const;
};

class Authorizer {
 public:
  explicit Authorizer(std::vector<Method> methods);

  const std::vector<Method>& methods() const { return methods_; }

  // Returns the position of "package.Service/Method" in methods(), or nullopt if there is no such
  // method.
  std::optional<size_t> Find(absl::string_view name) const;

  // Decides who makes the call, and whether they may call the method. `settings` must not be null;
  // the call uses these settings to its end.
  Admission Admit(std::shared_ptr<const Settings> settings, size_t method,
                  const Presented& presented);
  Admission Admit(std::shared_ptr<const Settings> settings, size_t method,
                  const grpc::ServerContextBase& context, const LogIdSource& call);

  // Checks only the caller's certificate, if there is one: it must be trusted now, not expired, and
  // its authority must be allowed to sign for its SPIFFE ID. For calls that need no rule.
  static std::optional<mapping::Failure> CheckPeer(const Settings& settings,
                                                   const Presented& presented);

  // `store` is "" for a call without a store. Returns Admit's refusal if there was one.
  std::optional<mapping::Failure> CheckStore(const Admission& admission, absl::string_view store);

  // Like CheckStore, for a call about a subscription to events of these providers and stores. An
  // empty list means that the subscription is not limited.
  std::optional<mapping::Failure> CheckSubscription(const Admission& admission,
                                                    const Grant::Names& providers,
                                                    const Grant::Names& stores);

 private:
  // Logs the refusal. Returns it, or nullopt if the policy is in dry-run mode.
  std::optional<mapping::Failure> Refuse(const Admission& admission, mapping::Failure failure,
                                         absl::string_view detail, absl::string_view store,
                                         absl::string_view rule);
  void LogRefusal(const Admission& admission, const mapping::Failure& failure,
                  absl::string_view detail, absl::string_view store, absl::string_view rule,
                  bool dry_run);

  const std::vector<Method> methods_;
  absl::flat_hash_map<std::string, size_t> by_name_;
  LogThrottle log_;
  LineBudget lines_;
  // Refusals that lines_ has kept out of the log; the next line reports them.
  std::atomic<uint64_t> left_out_{0};
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_AUTHORIZER_H_

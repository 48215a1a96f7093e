// Decides for each call who makes it, and whether they may.
//
//   const Admission admission =
//       authorizer.Admit(generation->authorization, method, context, trace);
//   if (admission.refusal) ... the call ends with it ...
//   ... what the call is about is known: the store ...
//   if (const auto refusal = authorizer.CheckStore(admission, store)) ... likewise ...
//
// Admit runs before the request message is read. CheckStore runs after the REST request is written
// and before it is sent: so it sees the store whose key the request would carry.
//
// Refusals are logged with caller, method and rule. Repeated refusals of a kind are throttled, and
// all refusals together, so that strangers cannot fill the log.
//
// Thread-safety: may be used from any thread. A decision holds for one call, and goes by the
// settings that the call brings.
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

// The metadata that a token travels in.
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
  Texts spiffe;  // of the verified certificate
  Texts dns;
  absl::string_view certificate;  // in PEM; empty: none was shown
  absl::string_view chain;        // in PEM; the certificates that came with it
  Texts authorization;            // the metadata of this name
  const LogIdSource* call = nullptr;
};

// A decision on one call.
struct Admission {
  std::shared_ptr<const Settings> settings;
  size_t method = 0;
  const LogIdSource* call = nullptr;  // for the log; lives as long as the call
  Identity caller;
  Grant grant;
  // If set, the call must end with it.
  std::optional<mapping::Failure> refusal;

  // Whether CheckStore would let the store pass. Logs nothing: for whatever is only left out of an
  // answer.
  bool Covers(absl::string_view store) const;
};

class Authorizer {
 public:
  explicit Authorizer(std::vector<Method> methods);

  const std::vector<Method>& methods() const { return methods_; }

  // Returns the position of "package.Service/Method", or nullopt if it is not served.
  std::optional<size_t> Find(absl::string_view name) const;

  // `settings`: those that the call goes by, to its end; not null.
  Admission Admit(std::shared_ptr<const Settings> settings, size_t method,
                  const Presented& presented);
  Admission Admit(std::shared_ptr<const Settings> settings, size_t method,
                  const grpc::ServerContextBase& context, const LogIdSource& call);

  // Checks only that the caller's certificate is valid now, and signed for its name. For calls that
  // need no rule.
  static std::optional<mapping::Failure> CheckPeer(const Settings& settings,
                                                   const Presented& presented);

  // `store` is "" for a call without a store. Returns Admit's refusal if there was one.
  std::optional<mapping::Failure> CheckStore(const Admission& admission, absl::string_view store);

  // As CheckStore, for a call about a subscription to events of these providers and stores. An
  // empty list means that the subscription is not limited.
  std::optional<mapping::Failure> CheckSubscription(const Admission& admission,
                                                    const Grant::Names& providers,
                                                    const Grant::Names& stores);

 private:
  // Logs the refusal, and applies it unless the policy is in dry-run mode.
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
  std::atomic<uint64_t> left_out_{0};  // that no line has told
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_AUTHORIZER_H_

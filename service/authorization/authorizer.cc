#include "service/authorization/authorizer.h"

#include <grpc/grpc_security_constants.h>

#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace gateway::authorization {
namespace {

using mapping::Failure;
using mapping::NotSent;

// Each refusal is hashed into one of kLogPlaces buckets; each bucket logs at most once per
// kLogPause.
constexpr absl::Duration kLogPause = absl::Seconds(1);
constexpr size_t kLogPlaces = 256;

// The limit of log lines for all buckets together: the mean rate, and the size of a burst.
constexpr double kLinesPerSecond = 20;
constexpr double kLinesAtOnce = 200;

absl::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

Identity CertificateOf(const Presented& presented) {
  Identity identity;
  // A certificate with several SPIFFE IDs counts as a certificate without any.
  if (presented.spiffe.size() == 1) identity.spiffe = std::string(presented.spiffe.front());
  for (const absl::string_view name : presented.dns) {
    identity.dns.push_back(absl::AsciiStrToLower(name));
  }
  return identity;
}

// Returns the token of the call. UNAUTHENTICATED if the metadata is not `Bearer TOKEN`, or is there
// more than once.
absl::StatusOr<absl::string_view> BearerOf(const Presented& presented) {
  constexpr absl::string_view kScheme = "bearer ";
  if (presented.authorization.size() > 1) return absl::UnauthenticatedError("more than one");
  const absl::string_view text = presented.authorization.front();
  if (!absl::StartsWithIgnoreCase(text, kScheme)) return absl::UnauthenticatedError("no bearer");
  return absl::StripAsciiWhitespace(text.substr(kScheme.size()));
}

absl::StatusOr<std::shared_ptr<const Claims>> ClaimsOf(const Presented& presented,
                                                       TokenVerifier& verifier) {
  const absl::StatusOr<absl::string_view> token = BearerOf(presented);
  if (!token.ok()) return token.status();
  return verifier.Verify(*token, absl::Now());
}

std::optional<Failure> CheckCertificate(const PeerCertificate& certificate,
                                        const Presented::Texts& spiffe) {
  if (!certificate.trusted) {
    return NotSent(absl::StatusCode::kUnauthenticated, "CERTIFICATE_NOT_TRUSTED",
                   "the certificate of this connection leads to no authority that counts");
  }
  for (const absl::string_view id : spiffe) {
    if (certificate.MaySpeakFor(id)) continue;
    return NotSent(absl::StatusCode::kUnauthenticated, "CERTIFICATE_NOT_TRUSTED",
                   "the authority of this connection's certificate does not sign for the trust "
                   "domain that it names");
  }
  if (absl::Now() < certificate.ends) return std::nullopt;
  return NotSent(absl::StatusCode::kUnauthenticated, "CERTIFICATE_EXPIRED",
                 "the certificate of this connection has expired");
}

}  // namespace

Authorizer::Authorizer(std::vector<Method> methods)
    : methods_(std::move(methods)), log_(kLogPause), lines_(kLinesPerSecond, kLinesAtOnce) {
  for (size_t i = 0; i < methods_.size(); ++i) by_name_.emplace(methods_[i].name, i);
}

std::optional<size_t> Authorizer::Find(absl::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

Admission Authorizer::Admit(std::shared_ptr<const Settings> settings, size_t method,
                            const Presented& presented) {
  Admission admission;
  admission.settings = std::move(settings);
  admission.method = method;
  admission.call = presented.call;
  admission.caller = CertificateOf(presented);
  if (!presented.certificate.empty()) {
    admission.caller.certificate =
        admission.settings->certificates->Find(presented.certificate, presented.chain);
    admission.refusal = CheckCertificate(*admission.caller.certificate, presented.spiffe);
    if (admission.refusal) {
      LogRefusal(admission, *admission.refusal, "", "", "", /*dry_run=*/false);
      return admission;
    }
  }
  const Policy* const policy = admission.settings->policy.get();
  if (policy == nullptr) return admission;
  if (admission.settings->tokens != nullptr && !presented.authorization.empty()) {
    auto claims = ClaimsOf(presented, *admission.settings->tokens);
    if (!claims.ok()) {
      admission.refusal =
          Refuse(admission,
                 NotSent(absl::StatusCode::kUnauthenticated, "CREDENTIALS_INVALID",
                         absl::StrCat("the token is refused: ", claims.status().message())),
                 claims.status().message(), "", "");
      if (admission.refusal) return admission;
    } else {
      admission.caller.claims = *std::move(claims);
    }
  }
  admission.grant = policy->Judge(method, admission.caller);
  if (admission.grant.any_store() || !admission.grant.rules_of_stores.empty()) return admission;
  admission.refusal =
      admission.caller.anonymous()
          ? Refuse(admission,
                   NotSent(absl::StatusCode::kUnauthenticated, "CREDENTIALS_MISSING",
                           "this method takes a certificate or a token that the policy knows"),
                   "", "", "")
          : Refuse(admission,
                   NotSent(absl::StatusCode::kPermissionDenied, "POLICY_METHOD",
                           "the policy does not allow this caller this method"),
                   "", "", "");
  return admission;
}

Admission Authorizer::Admit(std::shared_ptr<const Settings> settings, size_t method,
                            const grpc::ServerContextBase& context, const LogIdSource& call) {
  Presented presented;
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer != nullptr && peer->IsPeerAuthenticated()) {
    for (const auto& value : peer->FindPropertyValues(GRPC_PEER_SPIFFE_ID_PROPERTY_NAME)) {
      presented.spiffe.push_back(View(value));
    }
    for (const auto& value : peer->FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME)) {
      presented.dns.push_back(View(value));
    }
    for (const auto& value : peer->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
      presented.certificate = View(value);
    }
    for (const auto& value : peer->FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME)) {
      presented.chain = View(value);
    }
  }
  const auto [begin, end] = context.client_metadata().equal_range(kAuthorization);
  for (auto entry = begin; entry != end; ++entry) {
    presented.authorization.push_back(View(entry->second));
  }
  presented.call = &call;
  return Admit(std::move(settings), method, presented);
}

bool Admission::Covers(absl::string_view store) const {
  if (refusal) return false;
  const Policy* const policy = settings->policy.get();
  const bool any = policy == nullptr || grant.any_store() || grant.rules_of_stores.empty();
  return any || policy->dry_run() || grant.For(store) != nullptr;
}

std::optional<Failure> Authorizer::CheckStore(const Admission& admission, absl::string_view store) {
  if (admission.refusal) return admission.refusal;
  if (admission.settings->policy == nullptr || admission.grant.any_store()) return std::nullopt;
  // No rule fits: Admit has logged this refusal already, and the call goes on in dry-run mode only.
  if (admission.grant.rules_of_stores.empty()) return std::nullopt;
  if (admission.grant.For(store) != nullptr) return std::nullopt;
  return Refuse(admission,
                NotSent(absl::StatusCode::kPermissionDenied, "POLICY_STORE",
                        "the policy does not allow this caller this store"),
                "", store, admission.grant.rules_of_stores.front()->name);
}

std::optional<Failure> Authorizer::CheckSubscription(const Admission& admission,
                                                     const Grant::Names& providers,
                                                     const Grant::Names& stores) {
  if (admission.refusal) return admission.refusal;
  if (admission.settings->policy == nullptr) return std::nullopt;
  // No rule fits: Admit has logged this refusal already, and the call goes on in dry-run mode only.
  if (admission.grant.rules_of_stores.empty()) return std::nullopt;
  if (admission.grant.ForSubscription(providers, stores) != nullptr) return std::nullopt;
  return Refuse(admission,
                NotSent(absl::StatusCode::kPermissionDenied, "POLICY_SUBSCRIPTION",
                        "the policy does not allow this caller this subscription"),
                "", "", admission.grant.rules_of_stores.front()->name);
}

std::optional<Failure> Authorizer::CheckPeer(const Settings& settings, const Presented& presented) {
  if (presented.certificate.empty()) return std::nullopt;
  return CheckCertificate(*settings.certificates->Find(presented.certificate, presented.chain),
                          presented.spiffe);
}

std::optional<Failure> Authorizer::Refuse(const Admission& admission, Failure failure,
                                          absl::string_view detail, absl::string_view store,
                                          absl::string_view rule) {
  const bool dry_run = admission.settings->policy->dry_run();
  LogRefusal(admission, failure, detail, store, rule, dry_run);
  if (dry_run) return std::nullopt;
  return failure;
}

void Authorizer::LogRefusal(const Admission& admission, const Failure& failure,
                            absl::string_view detail, absl::string_view store,
                            absl::string_view rule, bool dry_run) {
  const std::string caller = admission.caller.Name();
  const std::string& method = methods_[admission.method].name;
  const size_t place = absl::HashOf(caller, method, store, failure.reason) % kLogPlaces;
  const auto left_out = log_.Pass(absl::StrCat(place), absl::Now());
  if (!left_out) return;
  if (!lines_.Pass()) {
    left_out_ += *left_out + 1;
    return;
  }
  Log(Severity::kWarning,
      dry_run ? "the policy would refuse this call" : "call refused by the policy",
      admission.call == nullptr ? LogIds() : admission.call->ids(),
      {{"caller", caller},
       {"method", method},
       {"store", std::string(store)},
       {"rule", rule.empty() ? "(none)" : std::string(rule)},
       {"reason", failure.reason},
       {"detail", std::string(detail)},
       {"more_since_the_last_line", static_cast<int64_t>(*left_out + left_out_.exchange(0))}});
}

}  // namespace gateway::authorization

// Decides whether a webhook comes from its provider and was signed recently. Pure: bytes, secrets
// and the time in, a verdict out.
//
// ```
// absl::StatusOr<Verifier> verifier = Verifier::Create(*schemes.Find("paynow"), options);
// const Verdict verdict = verifier->Verify(headers, body, absl::Now());
// if (verdict.check == Check::kPassed) ...
// ```
//
// A verdict is for the log. The sender is told only that the webhook failed: the name of the check
// would help a forger. Only a missing or repeated header is named, because the names of the headers
// are public.
//
// Thread-safety: immutable, may be used from any thread. Lifetime: `headers` and `body` are looked
// at during the call only. Secrets are overwritten in memory when the verifier is destroyed.
#ifndef UPSTREAM_WEBHOOKS_VERIFIER_H_
#define UPSTREAM_WEBHOOKS_VERIFIER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {

struct Header {
  absl::string_view name;  // case is ignored
  absl::string_view value;
};

enum class Check : uint8_t {
  kPassed,
  kMissingHeader,   // Verdict::header is missing
  kRepeatedHeader,  // Verdict::header occurs more than once
  kSignature,       // the signature was made with none of the secrets
  kTimestamp,       // the signed time is not a decimal number
  kTooOld,          // signed longer ago than max_age: delayed, or replayed by somebody
  kInTheFuture,     // the signed time is further ahead than max_age: a clock is wrong
  kUnsigned,        // the provider signs nothing, and allow_unsigned is false
};

// "signature", "too_old" and so on.
absl::string_view Name(Check check);

struct Verdict {
  Check check = Check::kPassed;
  absl::string_view header = {};        // the header's name in the scheme
  std::optional<absl::Time> time = {};  // the signed time; only with kPassed
};

class Verifier {
 public:
  struct Options {
    // The webhook may be signed with any of these secrets: while a secret is being changed, there
    // are two. At least one is required, unless the provider signs nothing. No secret may be empty.
    std::vector<std::string> secrets = {};
    // For providers that sign a time: how far it may be from now, in both directions; zero: any
    // time is accepted.
    absl::Duration max_age = absl::Minutes(5);
    // Whether to accept the webhooks of a provider that signs nothing.
    bool allow_unsigned = false;
  };

  // INVALID_ARGUMENT for options that contradict the scheme; the message begins with the name of
  // the option. INTERNAL if OpenSSL has no SHA-256. `scheme` outlives the verifier.
  static absl::StatusOr<Verifier> Create(const Scheme& scheme, Options options);

  Verifier(Verifier&&) = default;
  Verifier& operator=(Verifier&&) = default;
  ~Verifier();

  Verdict Verify(absl::Span<const Header> headers, absl::string_view body, absl::Time now) const;

  // The verdict that is possible before the body has arrived, without a key. Finds missing headers,
  // a signature of an impossible form, and a time that is too old or too new, even if that time may
  // not be the signed time. Verify refuses all of these too.
  Verdict Foresee(absl::Span<const Header> headers, absl::Time now) const;

  // Whether a delivery states the time of its signature, and is refused if this time is too old. If
  // false, a recorded delivery stays valid for ever.
  bool BoundsAge() const {
    return !scheme_->signature().timestamp_header().empty() && max_age_ > absl::ZeroDuration();
  }

  const Scheme& scheme() const { return *scheme_; }

 private:
  explicit Verifier(const Scheme& scheme) : scheme_(&scheme) {}
  absl::Status AddKeys(absl::string_view secret);
  bool HasForm(absl::string_view signature) const;
  bool SignedWithAny(absl::string_view signature, absl::string_view timestamp,
                     absl::string_view body) const;
  bool HasOneReading(absl::string_view body) const;
  Verdict CheckTime(absl::string_view timestamp, absl::Time now) const;

  const Scheme* scheme_;
  std::vector<std::string> keys_;
  absl::Duration max_age_;
  bool allow_unsigned_ = false;
};

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_VERIFIER_H_

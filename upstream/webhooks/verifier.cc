#include "upstream/webhooks/verifier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/webhooks/digest.h"

namespace gateway::webhooks {
namespace {

// Enough digits for milliseconds of the next 30,000 years, and few enough for an int64.
constexpr size_t kMaxTimestampDigits = 15;

// Smaller numbers are seconds, others are milliseconds. As seconds, this number is the year 5138;
// as milliseconds, the year 1973.
constexpr int64_t kMostSeconds = 100'000'000'000;

struct Found {
  Check check;
  absl::string_view value;
};

// Finds the header, which must occur exactly once: with two, it is unknown which one the sender
// signed.
Found Find(absl::Span<const Header> headers, absl::string_view name) {
  Found found{Check::kMissingHeader, ""};
  for (const Header& header : headers) {
    if (!absl::EqualsIgnoreCase(header.name, name)) continue;
    if (found.check == Check::kPassed) return {Check::kRepeatedHeader, ""};
    found = {Check::kPassed, header.value};
  }
  return found;
}

std::optional<absl::Time> ParseTimestamp(absl::string_view text, signing::v1::TimestampUnit unit) {
  int64_t number;
  if (text.empty() || text.size() > kMaxTimestampDigits ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  const bool seconds = unit == signing::v1::SECONDS_OR_MILLISECONDS && number < kMostSeconds;
  return seconds ? absl::FromUnixSeconds(number) : absl::FromUnixMillis(number);
}

std::optional<std::string> DeriveKey(int key, absl::string_view secret) {
  if (key == signing::v1::KEY_SECRET) return std::string(secret);
  const std::optional<Digest> digest = Sha256(secret);
  if (!digest) return std::nullopt;
  return key == signing::v1::KEY_SHA256 ? std::string(Bytes(*digest)) : Hex(*digest);
}

std::string Encode(const Digest& digest, int encoding) {
  return encoding == signing::v1::HEX ? Hex(digest) : Base64(digest);
}

}  // namespace

absl::string_view Name(Check check) {
  switch (check) {
    case Check::kPassed:
      return "passed";
    case Check::kMissingHeader:
      return "missing_header";
    case Check::kRepeatedHeader:
      return "repeated_header";
    case Check::kSignature:
      return "signature";
    case Check::kTimestamp:
      return "timestamp";
    case Check::kTooOld:
      return "too_old";
    case Check::kInTheFuture:
      return "in_the_future";
    case Check::kUnsigned:
      return "unsigned";
  }
  return "";
}

absl::StatusOr<Verifier> Verifier::Create(const Scheme& scheme, Options options) {
  const bool is_signed = scheme.has_signature();
  if (is_signed && options.secrets.empty()) {
    return absl::InvalidArgumentError("secrets: at least one is required");
  }
  if (is_signed && options.allow_unsigned) {
    return absl::InvalidArgumentError("allow_unsigned: this provider signs its webhooks");
  }
  if (!is_signed && !options.secrets.empty()) {
    return absl::InvalidArgumentError("secrets: this provider documents no signature");
  }
  Verifier verifier(scheme);
  verifier.max_age_ = options.max_age;
  verifier.allow_unsigned_ = options.allow_unsigned;
  // A vector that grows would leave copies of the keys behind.
  verifier.keys_.reserve(options.secrets.size() *
                         static_cast<size_t>(scheme.signature().key_size()));
  absl::Status status;
  for (std::string& secret : options.secrets) {
    status.Update(verifier.AddKeys(secret));
    Wipe(secret);
  }
  if (!status.ok()) return status;
  return verifier;
}

absl::Status Verifier::AddKeys(absl::string_view secret) {
  if (secret.empty()) return absl::InvalidArgumentError("secrets: one is empty");
  for (const int key : scheme_->signature().key()) {
    std::optional<std::string> derived = DeriveKey(key, secret);
    if (!derived) return absl::InternalError("OpenSSL has no SHA-256");
    keys_.push_back(*std::move(derived));
  }
  return absl::OkStatus();
}

Verifier::~Verifier() {
  for (std::string& key : keys_) Wipe(key);
}

Verdict Verifier::Verify(absl::Span<const Header> headers, absl::string_view body,
                         absl::Time now) const {
  if (!scheme_->has_signature()) {
    return {.check = allow_unsigned_ ? Check::kPassed : Check::kUnsigned};
  }
  const signing::v1::Signature& stated = scheme_->signature();
  const Found signature = Find(headers, stated.header());
  if (signature.check != Check::kPassed) return {signature.check, stated.header()};
  const bool has_time = !stated.timestamp_header().empty();
  Found timestamp{Check::kPassed, ""};
  if (has_time) timestamp = Find(headers, stated.timestamp_header());
  if (timestamp.check != Check::kPassed) return {timestamp.check, stated.timestamp_header()};
  if (!HasOneReading(body)) return {.check = Check::kSignature};
  // The signature is checked before the time, so that the log distinguishes late webhooks from
  // forged webhooks.
  if (!SignedWithAny(signature.value, timestamp.value, body)) return {.check = Check::kSignature};
  return has_time ? CheckTime(timestamp.value, now) : Verdict();
}

Verdict Verifier::Foresee(absl::Span<const Header> headers, absl::Time now) const {
  if (!scheme_->has_signature()) return Verify(headers, "", now);
  const signing::v1::Signature& stated = scheme_->signature();
  const Found signature = Find(headers, stated.header());
  if (signature.check != Check::kPassed) return {signature.check, stated.header()};
  if (!HasForm(signature.value)) return {.check = Check::kSignature};
  if (stated.timestamp_header().empty()) return {};
  const Found timestamp = Find(headers, stated.timestamp_header());
  if (timestamp.check != Check::kPassed) return {timestamp.check, stated.timestamp_header()};
  return CheckTime(timestamp.value, now);
}

// Whether the signature has the length of a digest in one of the encodings. Verify compares the
// text.
bool Verifier::HasForm(absl::string_view signature) const {
  const signing::v1::Signature& stated = scheme_->signature();
  signature = absl::StripPrefix(signature, stated.optional_prefix());
  return std::any_of(stated.encoding().begin(), stated.encoding().end(), [&](int encoding) {
    return signature.size() == Encode(Digest{}, encoding).size();
  });
}

// Compares texts, not digests: each digest has exactly one text in an encoding, and any other text
// is refused.
bool Verifier::SignedWithAny(absl::string_view signature, absl::string_view timestamp,
                             absl::string_view body) const {
  const signing::v1::Signature& stated = scheme_->signature();
  signature = absl::StripPrefix(signature, stated.optional_prefix());
  bool same = false;
  for (const std::string& key : keys_) {
    const std::optional<Digest> digest = HmacSha256(key, {timestamp, stated.separator(), body});
    if (!digest) return false;
    for (const int encoding : stated.encoding()) {
      same |= SameText(Encode(*digest, encoding), signature);
    }
  }
  return same;
}

// Without a separator the signed text does not say where the timestamp ends and the body begins: of
// 13 digits, three could be moved to the body. A timestamp has digits alone, and no event begins
// with one.
bool Verifier::HasOneReading(absl::string_view body) const {
  const signing::v1::Signature& stated = scheme_->signature();
  if (stated.timestamp_header().empty() || !stated.separator().empty()) return true;
  return body.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(body.front()));
}

Verdict Verifier::CheckTime(absl::string_view timestamp, absl::Time now) const {
  const std::optional<absl::Time> time =
      ParseTimestamp(timestamp, scheme_->signature().timestamp_unit());
  if (max_age_ == absl::ZeroDuration()) return {.time = time};
  if (!time) return {.check = Check::kTimestamp};
  if (now - *time > max_age_) return {.check = Check::kTooOld};
  if (*time - now > max_age_) return {.check = Check::kInTheFuture};
  return {.time = time};
}

}  // namespace gateway::webhooks

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

// Enough for milliseconds of the next 30,000 years, and an int64.
constexpr size_t kMaxTimestampDigits = 15;

// Taken as seconds: the year 5138. Taken as milliseconds: the year 1973.
constexpr int64_t kMostSeconds = 100'000'000'000;

struct Found {
  Check check;
  absl::string_view value;
};

// A header that counts must be there once: which of two the sender has signed nobody can know.
Found Find(absl::Span<const Header> headers, absl::string_view name) {
  Found found{Check::kMissingHeader, ""};
  for (const Header& header : headers) {
    if (!absl::EqualsIgnoreCase(header.name, name)) continue;
    if (found.check == Check::kPassed) return {Check::kRepeatedHeader, ""};
    found = {Check::kPassed, header.value};
  }
  return found;
}

std::optional<absl::Time> ParseTimestamp(absl::string_view text, TimestampUnit unit) {
  int64_t number;
  if (text.empty() || text.size() > kMaxTimestampDigits ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  const bool seconds = unit == TimestampUnit::kByMagnitude && number < kMostSeconds;
  return seconds ? absl::FromUnixSeconds(number) : absl::FromUnixMillis(number);
}

std::optional<std::string> DeriveKey(Key key, absl::string_view secret) {
  if (key == Key::kSecret) return std::string(secret);
  const std::optional<Digest> digest = Sha256(secret);
  if (!digest) return std::nullopt;
  return key == Key::kSha256OfSecret ? std::string(Bytes(*digest)) : Hex(*digest);
}

std::string Encode(const Digest& digest, Encoding encoding) {
  return encoding == Encoding::kHex ? Hex(digest) : Base64(digest);
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

absl::StatusOr<Verifier> Verifier::Create(absl::string_view provider, Options options) {
  const Scheme* const scheme = FindScheme(provider);
  if (scheme == nullptr) {
    return absl::InvalidArgumentError("no webhooks are known of a provider of this name");
  }
  const bool is_signed = !scheme->signature_header.empty();
  if (is_signed && options.secrets.empty()) {
    return absl::InvalidArgumentError("secrets: at least one is required");
  }
  if (is_signed && options.allow_unsigned) {
    return absl::InvalidArgumentError("allow_unsigned: this provider signs its webhooks");
  }
  if (!is_signed && !options.secrets.empty()) {
    return absl::InvalidArgumentError("secrets: this provider documents no signature");
  }
  Verifier verifier(*scheme);
  verifier.max_age_ = options.max_age;
  verifier.allow_unsigned_ = options.allow_unsigned;
  // Growing would leave copies behind.
  verifier.keys_.reserve(options.secrets.size() * scheme->keys.size());
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
  for (const Key key : scheme_->keys) {
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
  if (scheme_->signature_header.empty()) {
    return {.check = allow_unsigned_ ? Check::kPassed : Check::kUnsigned};
  }
  const Found signature = Find(headers, scheme_->signature_header);
  if (signature.check != Check::kPassed) return {signature.check, scheme_->signature_header};
  const bool has_time = !scheme_->timestamp_header.empty();
  Found timestamp{Check::kPassed, ""};
  if (has_time) timestamp = Find(headers, scheme_->timestamp_header);
  if (timestamp.check != Check::kPassed) return {timestamp.check, scheme_->timestamp_header};
  // Before the time, so that the log tells what is late from what is forged.
  if (!SignedWithAny(signature.value, timestamp.value, body)) return {.check = Check::kSignature};
  return has_time ? CheckTime(timestamp.value, now) : Verdict();
}

// Compares texts, not digests: each digest has one text in an encoding, and any other is refused.
bool Verifier::SignedWithAny(absl::string_view signature, absl::string_view timestamp,
                             absl::string_view body) const {
  if (!scheme_->optional_prefix.empty()) {
    signature = absl::StripPrefix(signature, scheme_->optional_prefix);
  }
  bool same = false;
  for (const std::string& key : keys_) {
    const std::optional<Digest> digest = HmacSha256(key, {timestamp, scheme_->separator, body});
    if (!digest) return false;
    for (const Encoding encoding : scheme_->encodings) {
      same |= SameText(Encode(*digest, encoding), signature);
    }
  }
  return same;
}

Verdict Verifier::CheckTime(absl::string_view timestamp, absl::Time now) const {
  const std::optional<absl::Time> time = ParseTimestamp(timestamp, scheme_->unit);
  if (max_age_ == absl::ZeroDuration()) return {.time = time};
  if (!time) return {.check = Check::kTimestamp};
  if (now - *time > max_age_) return {.check = Check::kTooOld};
  if (*time - now > max_age_) return {.check = Check::kInTheFuture};
  return {.time = time};
}

}  // namespace gateway::webhooks

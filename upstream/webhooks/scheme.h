// How each provider signs its webhooks, and where an event keeps its parts: one row per provider.
// There is no code for any one of them.
//
// What a provider documents is required. What it leaves open is read in every form in which it can
// mean one thing only: a hexadecimal digest and a Base64 one differ in length, seconds and
// milliseconds of this century in magnitude.
//
// Thread-safety: constants.
#ifndef UPSTREAM_WEBHOOKS_SCHEME_H_
#define UPSTREAM_WEBHOOKS_SCHEME_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace gateway::webhooks {

// What HMAC-SHA-256 is keyed with.
enum class Key : uint8_t {
  kSecret,           // the secret's text
  kSha256OfSecret,   // the 32 bytes of its SHA-256
  kHexSha256Secret,  // the same as 64 hexadecimal digits
};

enum class Encoding : uint8_t { kHex, kBase64 };

enum class TimestampUnit : uint8_t { kMilliseconds, kByMagnitude };

struct Scheme {
  absl::string_view provider;

  // Empty: the provider documents no signature.
  absl::string_view signature_header;
  // May stand before the digest.
  absl::string_view optional_prefix;
  // Any of them.
  absl::Span<const Key> keys;
  absl::Span<const Encoding> encodings;

  // The signed text is this header's value, the separator and the body; where there is no such
  // header, the body alone.
  absl::string_view timestamp_header;
  absl::string_view separator;
  TimestampUnit unit = TimestampUnit::kMilliseconds;

  // Members of the event's JSON.
  absl::string_view id;
  absl::string_view type;
  // Epoch seconds; empty: the event has no time but that of its signature.
  absl::string_view time;
  // The member that the documented messages are made from; empty: the whole event.
  absl::string_view body;
};

absl::Span<const Scheme> Schemes();

// Null for a provider that is not in the table.
const Scheme* FindScheme(absl::string_view provider);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_SCHEME_H_

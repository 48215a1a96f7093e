#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {
namespace {

constexpr Key kSecretAsItIs[] = {Key::kSecret};
constexpr Key kHashedSecret[] = {Key::kSha256OfSecret, Key::kHexSha256Secret};
constexpr Encoding kBase64[] = {Encoding::kBase64};
constexpr Encoding kNotDocumented[] = {Encoding::kHex, Encoding::kBase64};

constexpr Scheme kSchemes[] = {
    // Documents a key derived by SHA-256, and neither the form of that key nor the digest's, nor
    // the timestamp's unit.
    {.provider = "convergegate",
     .signature_header = "Sec-Signature",
     .optional_prefix = "sha256=",
     .keys = kHashedSecret,
     .encodings = kNotDocumented,
     .timestamp_header = "Sec-Timestamp",
     .separator = "",
     .unit = TimestampUnit::kByMagnitude,
     .id = "id",
     .type = "type",
     .time = "created_at",
     .body = ""},
    // Signs no time: only the event's id tells a repetition.
    {.provider = "paymentkit",
     .signature_header = "X-Webhook-Signature",
     .optional_prefix = "sha256=",
     .keys = kSecretAsItIs,
     .encodings = kNotDocumented,
     .timestamp_header = "",
     .separator = "",
     .id = "id",
     .type = "type",
     .time = "created",
     .body = ""},
    {.provider = "paynow",
     .signature_header = "PayNow-Signature",
     .optional_prefix = "",
     .keys = kSecretAsItIs,
     .encodings = kBase64,
     .timestamp_header = "PayNow-Timestamp",
     .separator = ".",
     .unit = TimestampUnit::kMilliseconds,
     .id = "event_id",
     .type = "event_type",
     .time = "",
     .body = "body"},
    {.provider = "qashier",
     .signature_header = "",
     .optional_prefix = "",
     .keys = {},
     .encodings = {},
     .timestamp_header = "",
     .separator = "",
     .id = "id",
     .type = "type",
     .time = "created",
     .body = ""},
};

}  // namespace

absl::Span<const Scheme> Schemes() { return kSchemes; }

const Scheme* FindScheme(absl::string_view provider) {
  for (const Scheme& scheme : kSchemes) {
    if (scheme.provider == provider) return &scheme;
  }
  return nullptr;
}

}  // namespace gateway::webhooks

#include "service/events/ack_id.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace gateway::events {
namespace {

constexpr size_t kNumberBytes = 8;
constexpr size_t kMacBytes = 8;
constexpr size_t kAckIdBytes = 3 * kNumberBytes + kMacBytes;

void Append(uint64_t number, std::string& bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
}

uint64_t NumberAt(absl::string_view bytes, size_t place) {
  uint64_t number = 0;
  for (const char c : bytes.substr(place * kNumberBytes, kNumberBytes)) {
    number = number << 8 | static_cast<unsigned char>(c);
  }
  return number;
}

std::string MacOf(absl::string_view numbers, absl::string_view secret,
                  absl::string_view subscription) {
  const std::string text = absl::StrCat(numbers, subscription);
  unsigned char digest[EVP_MAX_MD_SIZE] = {};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), kMacBytes);
}

}  // namespace

std::string ToText(const AckId& id, absl::string_view secret, absl::string_view subscription) {
  std::string bytes;
  Append(id.era, bytes);
  Append(static_cast<uint64_t>(id.number), bytes);
  Append(id.lease, bytes);
  return absl::WebSafeBase64Escape(absl::StrCat(bytes, MacOf(bytes, secret, subscription)));
}

std::optional<AckId> ParseAckId(absl::string_view text, absl::string_view secret,
                                absl::string_view subscription) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(text, &bytes) || bytes.size() != kAckIdBytes)
    return std::nullopt;
  const absl::string_view numbers = absl::string_view(bytes).substr(0, kAckIdBytes - kMacBytes);
  const std::string mac = MacOf(numbers, secret, subscription);
  if (CRYPTO_memcmp(mac.data(), bytes.data() + numbers.size(), kMacBytes) != 0) {
    return std::nullopt;
  }
  return AckId{NumberAt(numbers, 0), static_cast<int64_t>(NumberAt(numbers, 1)),
               NumberAt(numbers, 2)};
}

}  // namespace gateway::events

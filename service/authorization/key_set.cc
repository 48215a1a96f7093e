#include "service/authorization/key_set.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "service/config/strict_json.h"

namespace gateway::authorization {
namespace {

using nlohmann::json;

constexpr size_t kLeastRsaBits = 2048;

// Base64url without padding (RFC 7515, section 2).
bool IsBase64Url(absl::string_view text) {
  return text.size() % 4 != 1 && absl::c_all_of(text, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
         });
}

// Decodes base64url. Refuses a text that an encoder would not have written, such as one with unused
// bits set at its end: otherwise one token would have several spellings.
std::optional<std::string> DecodeCanonical(absl::string_view text) {
  std::string bytes;
  if (!IsBase64Url(text) || !absl::WebSafeBase64Unescape(text, &bytes)) return std::nullopt;
  if (absl::WebSafeBase64Escape(bytes) != text) return std::nullopt;
  return bytes;
}

// The decoded header and signature of a token, which must have three parts. Checked before cjose
// reads the token: cjose asserts, and so ends the process, if padding stands anywhere but at the
// end.
struct Compact {
  std::string header;
  std::string signature;
};
std::optional<Compact> ReadCompact(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3 || !DecodeCanonical(parts[1])) return std::nullopt;
  std::optional<std::string> header = DecodeCanonical(parts[0]);
  std::optional<std::string> signature = DecodeCanonical(parts[2]);
  if (!header || !signature) return std::nullopt;
  return Compact{*std::move(header), *std::move(signature)};
}

// The size of an ECDSA signature (RFC 7518, 3.4): two numbers of the curve's size. 0 for other
// keys.
size_t SignatureSize(absl::string_view type) {
  return type == "P-256" ? 64 : type == "P-384" ? 96 : type == "P-521" ? 132 : 0;
}

// Returns what is wrong with the token's header, or "".
const char* ProblemOfHeader(const std::string& text) {
  const StrictJson header = ParseStrictJson(text);
  if (!header.good() || !header.value.is_object()) return "no signed token";
  // `crit` lists extensions that a verifier must understand. We support none.
  if (header.value.contains("crit")) return "critical extension";
  const auto type = header.value.find("typ");
  if (type == header.value.end()) return "";
  // The same keys may sign other things than access tokens (RFC 8725, section 3.11).
  const std::string named =
      type->is_string() ? absl::AsciiStrToLower(type->get<std::string>()) : "";
  return named == "jwt" || named == "at+jwt" || named == "application/at+jwt" ? "" : "type";
}

struct Allowed {
  absl::string_view algorithm;
  absl::string_view type;
};
constexpr Allowed kAllowed[] = {
    {"RS256", "RSA"}, {"RS384", "RSA"},   {"RS512", "RSA"},   {"PS256", "RSA"},   {"PS384", "RSA"},
    {"PS512", "RSA"}, {"ES256", "P-256"}, {"ES384", "P-384"}, {"ES512", "P-521"},
};

bool IsAllowed(absl::string_view algorithm, absl::string_view type) {
  for (const Allowed& allowed : kAllowed) {
    if (allowed.algorithm == algorithm && allowed.type == type) return true;
  }
  return false;
}

// Returns "" if the member is missing or is not a string.
std::string Text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The key's type or curve, such as "RSA" or "P-256"; "" if the key cannot be used here.
std::string TypeOf(const json& key) {
  const std::string kty = Text(key, "kty");
  const std::string type = kty == "EC" ? Text(key, "crv") : kty;
  const bool known =
      kty == "EC" ? type == "P-256" || type == "P-384" || type == "P-521" : type == "RSA";
  const std::string use = Text(key, "use");
  return known && (use.empty() || use == "sig") ? type : "";
}

absl::Status Bad(absl::string_view reason) {
  return absl::InvalidArgumentError(std::string(reason));
}

absl::Status Refused(absl::string_view reason) {
  return absl::UnauthenticatedError(std::string(reason));
}

}  // namespace

absl::StatusOr<KeySet> KeySet::Parse(absl::string_view text) {
  const StrictJson strict = ParseStrictJson(text);
  const json& set = strict.value;
  if (!strict.good() || !set.is_object() || !set.contains("keys") || !set["keys"].is_array()) {
    return Bad("is no JSON Web Key Set");
  }
  KeySet keys;
  for (const json& entry : set["keys"]) {
    if (!entry.is_object()) return Bad("has a key that is no object");
    if (entry.contains("d") || entry.contains("k")) return Bad("holds a secret key");
    Key key;
    key.type = TypeOf(entry);
    if (key.type.empty()) continue;
    key.only = Text(entry, "alg");
    if (!key.only.empty() && !IsAllowed(key.only, key.type)) continue;
    const std::string kid = Text(entry, "kid");
    if (kid.empty()) return Bad("has a key without a kid");
    for (const char* const number : {"n", "e", "x", "y"}) {
      if (!IsBase64Url(Text(entry, number))) return Bad("has a key that cannot be read");
    }
    const std::string one = entry.dump();
    cjose_err error;
    key.key.reset(cjose_jwk_import(one.data(), one.size(), &error));
    if (key.key == nullptr) return Bad("has a key that cannot be read");
    if (key.type == "RSA" && cjose_jwk_get_keysize(key.key.get(), &error) < kLeastRsaBits) {
      return Bad("has an RSA key of less than 2048 bits");
    }
    if (!keys.keys_.emplace(kid, std::move(key)).second) return Bad("has two keys of one kid");
  }
  return keys;
}

absl::StatusOr<std::string> KeySet::Verify(absl::string_view token) const {
  struct Release {
    void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
  };
  const std::optional<Compact> compact = ReadCompact(token);
  if (!compact) return Refused("no signed token");
  if (const absl::string_view problem = ProblemOfHeader(compact->header); !problem.empty()) {
    return Refused(problem);
  }
  cjose_err error;
  const std::unique_ptr<cjose_jws_t, Release> jws(
      cjose_jws_import(token.data(), token.size(), &error));
  if (jws == nullptr) return Refused("no signed token");
  cjose_header_t* const header = cjose_jws_get_protected(jws.get());
  const char* const kid = cjose_header_get(header, CJOSE_HDR_KID, &error);
  const auto key = keys_.find(absl::NullSafeStringView(kid));
  if (key == keys_.end()) return Refused("unknown key");
  const char* const named = cjose_header_get(header, CJOSE_HDR_ALG, &error);
  const absl::string_view algorithm = absl::NullSafeStringView(named);
  const bool allowed = key->second.only.empty() || key->second.only == algorithm;
  if (!allowed || !IsAllowed(algorithm, key->second.type)) return Refused("algorithm");
  const size_t size_of_signature = SignatureSize(key->second.type);
  if (size_of_signature != 0 && compact->signature.size() != size_of_signature) {
    return Refused("signature");
  }
  if (!cjose_jws_verify(jws.get(), key->second.key.get(), &error)) return Refused("signature");
  uint8_t* text = nullptr;  // owned by jws
  size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &text, &size, &error)) return Refused("no text");
  return std::string(reinterpret_cast<const char*>(text), size);
}

}  // namespace gateway::authorization

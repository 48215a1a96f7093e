#include "service/authorization/token_verifier.h"

#include <openssl/evp.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "service/config/strict_json.h"

namespace gateway::authorization {
namespace {

using nlohmann::json;

// Later than any clock shows, and well within the range of absl::Time.
constexpr double kLastSecond = 1e11;

absl::Status Refused(const char* reason) { return absl::UnauthenticatedError(reason); }

// Reads seconds since 1970, possibly with a fraction. Returns nullopt for anything else.
std::optional<absl::Time> TimeOf(const json& claim) {
  if (!claim.is_number()) return std::nullopt;
  const auto seconds = claim.get<double>();
  if (!(seconds >= 0 && seconds <= kLastSecond)) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

// Returns the claim if it is a string, or the strings in it if it is a list.
std::vector<std::string> TextsOf(const json& claim) {
  if (claim.is_string()) return {claim.get<std::string>()};
  std::vector<std::string> texts;
  if (!claim.is_array()) return texts;
  for (const json& element : claim) {
    if (element.is_string()) texts.push_back(element.get<std::string>());
  }
  return texts;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Claims>> TokenVerifier::Verify(absl::string_view token,
                                                                    absl::Time now) {
  Digest digest;
  if (EVP_Digest(token.data(), token.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    return Refused("no digest");
  }
  if (auto known = Recall(digest, now)) return known;
  const absl::StatusOr<std::string> payload = keys_.Verify(token);
  {
    const MutexLock lock(mutex_);
    ++checked_;
  }
  if (!payload.ok()) return payload.status();
  auto claims = ReadClaims(*payload, now);
  if (claims.ok()) Remember(digest, *claims, token.size());
  return claims;
}

absl::StatusOr<std::shared_ptr<const Claims>> TokenVerifier::ReadClaims(absl::string_view payload,
                                                                        absl::Time now) const {
  const StrictJson strict = ParseStrictJson(payload);
  const json& all = strict.value;
  if (!strict.good() || !all.is_object()) return Refused("no claims");
  const auto claims = std::make_shared<Claims>();
  for (const auto& [name, value] : all.items()) {
    std::vector<std::string> texts = TextsOf(value);
    if (!texts.empty()) claims->texts.emplace(name, std::move(texts));
  }
  const auto issuer = all.find("iss");
  if (issuer == all.end() || *issuer != options_.issuer) return Refused("issuer");
  if (!claims->Has("aud", options_.audience)) return Refused("audience");
  const auto expiry = all.find("exp");
  const std::optional<absl::Time> expires = expiry == all.end() ? std::nullopt : TimeOf(*expiry);
  if (!expires) return Refused("no expiry");
  claims->expires = *expires + options_.leeway;
  if (now >= claims->expires) return Refused("expired");
  if (*expires > now + options_.max_life + options_.leeway) return Refused("lives too long");
  if (const auto begin = all.find("nbf"); begin != all.end()) {
    const std::optional<absl::Time> begins = TimeOf(*begin);
    if (!begins || now < *begins - options_.leeway) return Refused("not valid yet");
  }
  if (const auto subject = all.find("sub"); subject != all.end()) {
    if (!subject->is_string()) return Refused("subject");
    claims->subject = subject->get<std::string>();
  }
  return claims;
}

std::shared_ptr<const Claims> TokenVerifier::Recall(const Digest& digest, absl::Time now) {
  const MutexLock lock(mutex_);
  const auto found = places_.find(digest);
  if (found == places_.end()) return nullptr;
  const auto place = found->second;
  if (now >= place->claims->expires) {
    Forget(place);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, place);
  return place->claims;
}

void TokenVerifier::Remember(const Digest& digest, std::shared_ptr<const Claims> claims,
                             size_t bytes) {
  const MutexLock lock(mutex_);
  if (places_.contains(digest)) return;  // another call was faster
  order_.push_front({digest, std::move(claims), bytes});
  places_.emplace(digest, order_.begin());
  bytes_ += bytes;
  while (order_.size() > options_.remembered || bytes_ > options_.remembered_bytes) {
    Forget(std::prev(order_.end()));
  }
}

void TokenVerifier::Forget(std::list<Remembered>::iterator place) {
  bytes_ -= place->bytes;
  places_.erase(place->digest);
  order_.erase(place);
}

size_t TokenVerifier::remembered() const {
  const MutexLock lock(mutex_);
  return order_.size();
}

int64_t TokenVerifier::checked() const {
  const MutexLock lock(mutex_);
  return checked_;
}

}  // namespace gateway::authorization

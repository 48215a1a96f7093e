#include "upstream/redaction.h"

#include <string.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "upstream/mapping/profile.h"

namespace gateway {

Redaction::Redaction(const v1::Provider& provider, absl::string_view key) {
  if (key.size() < kLeast) return;
  forms_.emplace_back(key);
  if (auto encoded = mapping::EncodedKey(provider, key)) forms_.push_back(*std::move(encoded));
  // Some JSON writers escape slashes.
  const size_t plain = forms_.size();
  for (size_t i = 0; i < plain; ++i) {
    if (absl::StrContains(forms_[i], '/')) {
      forms_.push_back(absl::StrReplaceAll(forms_[i], {{"/", "\\/"}}));
    }
  }
}

Redaction::~Redaction() {
  for (std::string& form : forms_) explicit_bzero(form.data(), form.size());
}

// Writes asterisks over the key. The length stays the same, so valid JSON stays valid. Returns
// whether the key was in the text.
bool Redaction::MaskText(std::string& text) const {
  bool any = false;
  for (const std::string& form : forms_) {
    for (size_t at = text.find(form); at != std::string::npos; at = text.find(form, at)) {
      std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), form.size(), '*');
      any = true;
    }
  }
  return any;
}

void Redaction::Mask(http::Response& response) const {
  MaskText(response.headers);
  if (response.status < 200 || response.status > 299) MaskText(response.body);
}

bool Redaction::MaskBody(http::Response& response) const { return MaskText(response.body); }

void Redaction::Mask(mapping::Failure& failure) const {
  MaskText(failure.message);
  MaskText(failure.upstream_code);
  MaskText(failure.trace_id);
  for (mapping::Violation& violation : failure.violations) {
    MaskText(violation.field);
    MaskText(violation.description);
  }
}

void Redaction::Mask(mapping::Reply& reply, const http::Response& response) const {
  MaskText(reply.trace_id);
  if (reply.drift.empty()) return;
  // The texts are cut short. So if the key is in the body, any text may hold a part of the key.
  const bool quoted = std::any_of(forms_.begin(), forms_.end(), [&](const std::string& form) {
    return absl::StrContains(response.body, form);
  });
  for (mapping::Drift& drift : reply.drift) {
    if (MaskText(drift.text) || quoted) drift.text = "(redacted)";
  }
}

}  // namespace gateway

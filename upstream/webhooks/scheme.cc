#include "upstream/webhooks/scheme.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace gateway::webhooks {
namespace {

// Returns what is wrong, or "".
absl::string_view ProblemOf(const signing::v1::Signature& signature) {
  if (signature.header().empty()) return "signature: header is required";
  if (signature.key().empty()) return "signature: at least one key is required";
  if (signature.encoding().empty()) return "signature: at least one encoding is required";
  const auto states_all = [](const auto& values) {
    return std::none_of(values.begin(), values.end(), [](int value) { return value == 0; });
  };
  if (!states_all(signature.key()) || !states_all(signature.encoding())) {
    return "signature: a key and an encoding cannot be unspecified";
  }
  const bool has_unit = signature.timestamp_unit() != signing::v1::TIMESTAMP_UNIT_UNSPECIFIED;
  if (signature.timestamp_header().empty()) {
    if (has_unit) return "signature: timestamp_unit is for a timestamp_header";
    if (!signature.separator().empty()) return "signature: separator is for a timestamp_header";
  } else if (!has_unit) {
    return "signature: timestamp_unit is required with a timestamp_header";
  }
  return "";
}

absl::string_view ProblemOf(const Scheme& scheme) {
  if (scheme.provider().empty()) return "provider is required";
  if (scheme.type().empty()) return "type is required";
  return scheme.has_signature() ? ProblemOf(scheme.signature()) : "";
}

}  // namespace

absl::StatusOr<Schemes> Schemes::Read(
    absl::Span<const google::protobuf::FileDescriptor* const> files) {
  Schemes schemes;
  for (const google::protobuf::FileDescriptor* const file : files) {
    if (!file->options().HasExtension(signing::v1::scheme)) continue;
    const Scheme& scheme = file->options().GetExtension(signing::v1::scheme);
    absl::string_view problem = ProblemOf(scheme);
    if (problem.empty() && !schemes.by_provider_.emplace(scheme.provider(), &scheme).second) {
      problem = "another file has a scheme of this provider";
    }
    if (!problem.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file->name(), ": (gateway.signing.v1.scheme): ", problem));
    }
  }
  return schemes;
}

const Scheme* Schemes::Find(absl::string_view provider) const {
  const auto found = by_provider_.find(provider);
  return found == by_provider_.end() ? nullptr : found->second;
}

}  // namespace gateway::webhooks

// Fuzzes ParseEvent as a whole: what anybody can send, and what a provider can sign.
//
// The first byte of an input selects the form. 0: the rest is a whole request. Otherwise: the rest
// is the body of a delivery that the selected provider signs correctly, so that the fuzzer gets
// past the signature check. Aborts if an answer breaks a promise of the proto.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/fuzz/support.h"
#include "tests/upstream/webhooks/message.h"
#include "tests/upstream/webhooks/signer.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway::webhooks {
namespace {

using fuzz::Require;

constexpr char kSecret[] = "whsec_fuzz_MARKER";
constexpr int64_t kSeconds = 1750000000;

struct Target {
  Target() : reader(*EventReader::Create(EmbeddedSchemes())) {
    for (const auto& [provider, scheme] : EmbeddedSchemes().by_provider()) {
      const bool is_signed = scheme->has_signature();
      Verifier::Options options;
      if (is_signed) options.secrets = {"another", kSecret};
      options.allow_unsigned = !is_signed;
      settings.providers.emplace(provider, *Verifier::Create(*scheme, std::move(options)));
    }
    settings.max_body_bytes = 100000;
  }

  std::unique_ptr<const EventReader> reader;
  Settings settings;
};

std::string SignedRequest(size_t choice, const std::string& body) {
  switch (choice % 4) {
    case 0: {
      const std::string timestamp = absl::StrCat(kSeconds, "000");
      return MakeRequest("paynow",
                         {{"PayNow-Timestamp", timestamp},
                          {"PayNow-Signature", Base64Text(Hmac(kSecret, timestamp + "." + body))}},
                         body);
    }
    case 1:
      return MakeRequest("paymentkit", {{"X-Webhook-Signature", HexText(Hmac(kSecret, body))}},
                         body);
    case 2: {
      const std::string timestamp = absl::StrCat(kSeconds);
      return MakeRequest("convergegate",
                         {{"Sec-Timestamp", timestamp},
                          {"Sec-Signature", HexText(Hmac(Sha(kSecret), timestamp + body))}},
                         body);
    }
    default:
      return MakeRequest("qashier", {}, body);
  }
}

// Whether the request is signed, and its body belongs to the signed text beyond doubt: ConvergeGate
// has no separator between timestamp and body, so a body that begins with a digit is refused.
bool IsVerified(uint8_t choice, const std::string& body) {
  const bool has_one_reading =
      choice % 4 != 2 || body.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(body[0]));
  return choice != 0 && has_one_reading;
}

void CheckEvent(const Event& event) {
  const nlohmann::json response = ReadResponse(event.message);
  Require(!response.is_discarded(), "an event is a ParseEventResponse");
  Require(EmbeddedSchemes().Find(response.value("provider", "")) != nullptr,
          "an event names its provider");
  Require(response.size() >= 2, "an event has a body");
  for (const mapping::Drift& drift : event.drift) {
    Require(drift.message != nullptr, "drift names its message");
  }
}

void CheckRefusal(const Refusal& refusal, bool is_verified, bool has_body) {
  const mapping::Failure& failure = refusal.failure;
  Require(failure.code == absl::StatusCode::kInvalidArgument ||
              failure.code == absl::StatusCode::kUnauthenticated ||
              failure.code == absl::StatusCode::kResourceExhausted ||
              failure.code == absl::StatusCode::kInternal,
          "a refusal has one of four codes");
  Require(failure.outcome == mapping::Outcome::kNotSent, "nothing is sent");
  Require(!failure.reason.empty() && !failure.message.empty() && !refusal.check.empty(),
          "a refusal says why");
  Require(failure.message.find("MARKER") == std::string::npos, "a refusal shows no secret");
  Require(!is_verified || failure.code != absl::StatusCode::kUnauthenticated,
          "what is signed is verified");
  Require(!is_verified || !has_body || failure.reason != "INVALID_REQUEST",
          "what is complete is accepted");
}

void Try(uint8_t choice, const std::string& rest) {
  static const Target& target = *new Target;
  const bool is_signed = choice != 0;
  const bool has_body = !rest.empty();
  const std::string request = is_signed ? SignedRequest(choice, rest) : rest;
  const auto answer =
      ParseEvent(*target.reader, target.settings, request, absl::FromUnixSeconds(kSeconds));
  if (const auto* const event = std::get_if<Event>(&answer)) {
    CheckEvent(*event);
  } else {
    CheckRefusal(std::get<Refusal>(answer), IsVerified(choice, rest), has_body);
  }
}

}  // namespace
}  // namespace gateway::webhooks

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  gateway::webhooks::Try(data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}

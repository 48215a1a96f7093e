#include "upstream/webhooks/verifier.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/webhooks/message.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway::webhooks {
namespace {

constexpr char kSecret[] = "whsec_0123456789";
constexpr int64_t kSeconds = 1750000000;
const absl::Time kNow = absl::FromUnixSeconds(kSeconds);
constexpr char kBody[] = R"({"event_type":"ON_REFUND","event_id":"7","body":{"caf\u00e9":"é"}})";

// The headers and the body of one delivery.
struct Delivery {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body = kBody;

  std::vector<Header> Headers() const {
    std::vector<Header> views;
    for (const auto& [name, value] : headers) views.push_back({name, value});
    return views;
  }
};

std::string Millis(absl::Time time) { return absl::StrCat(absl::ToUnixMillis(time)); }

Delivery PayNow(absl::Time time = kNow, const std::string& secret = kSecret) {
  const std::string signature = Base64Text(Hmac(secret, Millis(time) + "." + kBody));
  return {{{"PayNow-Timestamp", Millis(time)}, {"PayNow-Signature", signature}}};
}

Delivery PaymentKit(const std::function<std::string(const std::string&)>& encode) {
  return {{{"X-Webhook-Signature", encode(Hmac(kSecret, kBody))}}};
}

Delivery ConvergeGate(const std::string& timestamp, const std::string& key, bool hex = true) {
  const std::string digest = Hmac(key, timestamp + kBody);
  return {{{"Sec-Timestamp", timestamp},
           {"Sec-Signature", hex ? HexText(digest) : Base64Text(digest)}}};
}

Verifier Make(absl::string_view provider, Verifier::Options options = {.secrets = {kSecret}}) {
  absl::StatusOr<Verifier> verifier = Verifier::Create(SchemeOf(provider), std::move(options));
  EXPECT_TRUE(verifier.ok()) << verifier.status();
  return *std::move(verifier);
}

Check CheckOf(const Verifier& verifier, const Delivery& delivery, absl::Time now = kNow) {
  return verifier.Verify(delivery.Headers(), delivery.body, now).check;
}

TEST(VerifierTest, PassesWhatEachProviderSigns) {
  EXPECT_EQ(CheckOf(Make("paynow"), PayNow()), Check::kPassed);
  const Verifier paymentkit = Make("paymentkit");
  EXPECT_EQ(CheckOf(paymentkit, PaymentKit(HexText)), Check::kPassed);
  EXPECT_EQ(CheckOf(paymentkit, PaymentKit(Base64Text)), Check::kPassed);
  EXPECT_EQ(CheckOf(paymentkit, PaymentKit([](const std::string& digest) {
                      return "sha256=" + HexText(digest);
                    })),
            Check::kPassed);
  const Verifier convergegate = Make("convergegate");
  for (const std::string& timestamp : {absl::StrCat(kSeconds), absl::StrCat(kSeconds, "000")}) {
    for (const std::string& key : {Sha(kSecret), HexText(Sha(kSecret))}) {
      EXPECT_EQ(CheckOf(convergegate, ConvergeGate(timestamp, key, true)), Check::kPassed);
      EXPECT_EQ(CheckOf(convergegate, ConvergeGate(timestamp, key, false)), Check::kPassed);
    }
  }
}

// If Foresee refuses a delivery, Verify refuses it too. If Foresee passes it, Verify decides.
TEST(VerifierTest, ForeseesWithoutABodyWhatNoBodyCouldMend) {
  const Verifier paynow = Make("paynow");
  const auto foreseen = [&](const Verifier& verifier, const Delivery& delivery) {
    const Check check = verifier.Foresee(delivery.Headers(), kNow).check;
    if (check != Check::kPassed) {
      EXPECT_NE(CheckOf(verifier, delivery), Check::kPassed);
    }
    return check;
  };
  EXPECT_EQ(foreseen(paynow, PayNow()), Check::kPassed);
  EXPECT_EQ(foreseen(paynow, PayNow(kNow, "another")), Check::kPassed) << "only a key can tell";
  EXPECT_EQ(foreseen(paynow, PayNow(kNow - absl::Hours(1))), Check::kTooOld);
  EXPECT_EQ(foreseen(paynow, PayNow(kNow + absl::Hours(1))), Check::kInTheFuture);
  EXPECT_EQ(foreseen(paynow, {}), Check::kMissingHeader);
  Delivery twice = PayNow();
  twice.headers.push_back(twice.headers[1]);
  EXPECT_EQ(foreseen(paynow, twice), Check::kRepeatedHeader);
  Delivery cut = PayNow();
  cut.headers[1].second.pop_back();
  EXPECT_EQ(foreseen(paynow, cut), Check::kSignature);
  Delivery no_time = PayNow();
  no_time.headers[0].second = "soon";
  EXPECT_EQ(foreseen(paynow, no_time), Check::kTimestamp);
  const Verifier paymentkit = Make("paymentkit");
  EXPECT_EQ(foreseen(paymentkit, PaymentKit(HexText)), Check::kPassed);
  EXPECT_EQ(foreseen(paymentkit, PaymentKit(Base64Text)), Check::kPassed);
  EXPECT_EQ(foreseen(paymentkit, PaymentKit([](const std::string& digest) {
                       return "sha256=" + HexText(digest) + "0";
                     })),
            Check::kSignature);
  EXPECT_EQ(foreseen(Make("qashier", {}), {}), Check::kUnsigned);
}

TEST(VerifierTest, KnowsWhetherARecordedDeliveryGetsOld) {
  EXPECT_TRUE(Make("paynow").BoundsAge());
  EXPECT_TRUE(Make("convergegate").BoundsAge());
  EXPECT_FALSE(Make("paymentkit").BoundsAge());
  EXPECT_FALSE(Make("paynow", {.secrets = {kSecret}, .max_age = absl::ZeroDuration()}).BoundsAge());
}

// Signatures that the openssl command makes, independently of this project's C++.
TEST(VerifierTest, PassesWhatTheOpensslCommandSigns) {
  const TempDir directory;
  const auto sign = [&](const std::string& key_hex, const std::string& text, bool base64) {
    const std::string file = directory.Write("signed", text);
    const Ended ended = RunProgram(
        {"bash", "-c",
         absl::StrCat("set -o pipefail; openssl dgst -sha256 -mac HMAC -macopt hexkey:", key_hex,
                      base64 ? " -binary " : " -r ", file,
                      base64 ? " | openssl base64 -A" : " | cut -d' ' -f1 | tr -d '\\n'")});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended.out;
  };
  const std::string key = HexText(kSecret);
  Delivery paynow = PayNow();
  paynow.headers[1].second = sign(key, Millis(kNow) + "." + kBody, /*base64=*/true);
  EXPECT_EQ(paynow.headers, PayNow().headers);
  EXPECT_EQ(CheckOf(Make("paynow"), paynow), Check::kPassed);

  const Delivery paymentkit{{{"X-Webhook-Signature", sign(key, kBody, /*base64=*/false)}}};
  EXPECT_EQ(CheckOf(Make("paymentkit"), paymentkit), Check::kPassed);

  directory.Write("secret", kSecret);
  const Ended hashed = RunProgram(
      {"bash", "-c",
       "openssl dgst -sha256 -r " + directory.Path("secret") + " | cut -d' ' -f1 | tr -d '\\n'"});
  const std::string timestamp = absl::StrCat(kSeconds);
  const Delivery convergegate{
      {{"Sec-Timestamp", timestamp},
       {"Sec-Signature", sign(hashed.out, timestamp + kBody, /*base64=*/false)}}};
  EXPECT_EQ(CheckOf(Make("convergegate"), convergegate), Check::kPassed);
}

// RFC 4231, case 2: the digest was computed neither by OpenSSL nor by this code.
TEST(VerifierTest, PassesAPublishedVector) {
  Delivery delivery{{{"X-Webhook-Signature",
                      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}}};
  delivery.body = "what do ya want for nothing?";
  EXPECT_EQ(CheckOf(Make("paymentkit", {.secrets = {"Jefe"}}), delivery), Check::kPassed);
}

// Which bits of a byte are flipped: the lowest, the case of a letter, the highest, all.
constexpr unsigned char kFlips[] = {0x01, 0x20, 0x80, 0xff};

// Flips each byte of the text in each of these ways, and removes each byte. Every change must be
// refused.
void ExpectEachByteMatters(const Verifier& verifier, Delivery& delivery, std::string& text) {
  ASSERT_EQ(CheckOf(verifier, delivery), Check::kPassed);
  const std::string good = text;
  size_t refused = 0;
  for (size_t i = 0; i < good.size(); ++i) {
    for (const unsigned char flip : kFlips) {
      text = good;
      text[i] = static_cast<char>(static_cast<unsigned char>(text[i]) ^ flip);
      EXPECT_NE(CheckOf(verifier, delivery), Check::kPassed) << i << " ^ " << int{flip};
      ++refused;
    }
    text = good;
    text.erase(i, 1);
    EXPECT_NE(CheckOf(verifier, delivery), Check::kPassed) << "without " << i;
  }
  text = good + "\n";
  EXPECT_NE(CheckOf(verifier, delivery), Check::kPassed);
  EXPECT_EQ(refused, good.size() * std::size(kFlips));
  text = good;
}

TEST(VerifierTest, RefusesEachFlippedByte) {
  const std::pair<const char*, Delivery> kRows[] = {
      {"paynow", PayNow()},
      {"paymentkit", PaymentKit(HexText)},
      {"paymentkit", PaymentKit(Base64Text)},
      {"convergegate", ConvergeGate(absl::StrCat(kSeconds), Sha(kSecret))},
      {"convergegate", ConvergeGate(absl::StrCat(kSeconds), HexText(Sha(kSecret)), false)}};
  for (auto [provider, delivery] : kRows) {
    SCOPED_TRACE(provider);
    const Verifier verifier = Make(provider);
    ExpectEachByteMatters(verifier, delivery, delivery.body);
    for (auto& [name, value] : delivery.headers) {
      SCOPED_TRACE(name);
      ExpectEachByteMatters(verifier, delivery, value);
    }
  }
}

// Only one text of a digest is accepted, although other texts decode to the same bytes.
TEST(VerifierTest, RefusesOtherTextsOfTheSameDigest) {
  const std::string digest = Hmac(kSecret, Millis(kNow) + "." + kBody);
  std::string unpadded = Base64Text(digest);
  unpadded.pop_back();
  std::string dangling = Base64Text(digest);
  dangling[42] = static_cast<char>(dangling[42] + 1);  // unused bits of Base64
  for (const std::string& text :
       {HexText(digest), absl::AsciiStrToUpper(HexText(digest)), unpadded, dangling,
        absl::StrReplaceAll(Base64Text(digest), {{"+", "-"}, {"/", "_"}}) + "=",
        "sha256=" + Base64Text(digest), " " + Base64Text(digest), std::string(), digest}) {
    Delivery delivery = PayNow();
    delivery.headers[1].second = text;
    EXPECT_EQ(CheckOf(Make("paynow"), delivery), Check::kSignature) << text;
  }
}

TEST(VerifierTest, RefusesWhatIsTooFarFromNow) {
  const Verifier verifier = Make("paynow");
  const absl::Duration limit = absl::Minutes(5);
  const absl::Duration tick = absl::Milliseconds(1);
  EXPECT_EQ(CheckOf(verifier, PayNow(kNow - limit)), Check::kPassed);
  EXPECT_EQ(CheckOf(verifier, PayNow(kNow - limit - tick)), Check::kTooOld);
  EXPECT_EQ(CheckOf(verifier, PayNow(kNow + limit)), Check::kPassed);
  EXPECT_EQ(CheckOf(verifier, PayNow(kNow + limit + tick)), Check::kInTheFuture);
  EXPECT_EQ(CheckOf(verifier, PayNow(absl::UnixEpoch())), Check::kTooOld);
  // A replay of a delivery, an hour later.
  EXPECT_EQ(CheckOf(verifier, PayNow(), kNow + absl::Hours(1)), Check::kTooOld);

  const Verifier strict = Make("paynow", {.secrets = {kSecret}, .max_age = absl::Seconds(1)});
  EXPECT_EQ(CheckOf(strict, PayNow(kNow - absl::Seconds(2))), Check::kTooOld);
  const Verifier lax = Make("paynow", {.secrets = {kSecret}, .max_age = absl::ZeroDuration()});
  EXPECT_EQ(CheckOf(lax, PayNow(absl::UnixEpoch())), Check::kPassed);

  const Verifier convergegate = Make("convergegate");
  const std::string old = absl::StrCat(kSeconds - 301);
  EXPECT_EQ(CheckOf(convergegate, ConvergeGate(old, Sha(kSecret))), Check::kTooOld);
  const std::string ahead = absl::StrCat(kSeconds + 301, "000");
  EXPECT_EQ(CheckOf(convergegate, ConvergeGate(ahead, Sha(kSecret))), Check::kInTheFuture);
}

// Milliseconds without their last digits are the same time in seconds.
TEST(VerifierTest, NoDigitOfATimestampCanBeMovedToTheBody) {
  const std::string millis = Millis(kNow + absl::Milliseconds(123));
  const Delivery recorded = ConvergeGate(millis, Sha(kSecret));
  const Verifier verifier = Make("convergegate");
  EXPECT_EQ(CheckOf(verifier, recorded), Check::kPassed);
  for (size_t left : {10u, 12u}) {
    Delivery moved = recorded;
    moved.headers[0].second = millis.substr(0, left);
    moved.body = millis.substr(left) + kBody;
    EXPECT_EQ(CheckOf(verifier, moved), Check::kSignature) << left;
  }
}

TEST(VerifierTest, TellsTheTimeThatWasSigned) {
  const absl::Time time = kNow - absl::Milliseconds(1234);
  const Verdict verdict = Make("paynow").Verify(PayNow(time).Headers(), kBody, kNow);
  EXPECT_EQ(verdict.time, time);
  EXPECT_FALSE(Make("paymentkit").Verify(PaymentKit(HexText).Headers(), kBody, kNow).time);
}

// The signature is right, so the provider itself sends timestamps that it does not document.
TEST(VerifierTest, RefusesSignedTimestampsThatAreNone) {
  for (const char* const timestamp :
       {"", " 1750000000000", "-1", "+1750000000000", "1750000000000.5", "1.75e12", "0x1",
        "2025-06-15T15:06:40Z", "9999999999999999", "99999999999999999999999999"}) {
    Delivery delivery = PayNow();
    delivery.headers = {
        {"PayNow-Timestamp", timestamp},
        {"PayNow-Signature", Base64Text(Hmac(kSecret, absl::StrCat(timestamp, ".", kBody)))}};
    EXPECT_EQ(CheckOf(Make("paynow"), delivery), Check::kTimestamp) << timestamp;
  }
}

TEST(VerifierTest, TakesAnyOfSeveralSecrets) {
  const Verifier both = Make("paynow", {.secrets = {"new", "old"}});
  EXPECT_EQ(CheckOf(both, PayNow(kNow, "new")), Check::kPassed);
  EXPECT_EQ(CheckOf(both, PayNow(kNow, "old")), Check::kPassed);
  EXPECT_EQ(CheckOf(both, PayNow(kNow, "older")), Check::kSignature);
  EXPECT_EQ(CheckOf(both, PayNow(kNow, "newold")), Check::kSignature);
  const Verifier rotated = Make("paynow", {.secrets = {"new"}});
  EXPECT_EQ(CheckOf(rotated, PayNow(kNow, "old")), Check::kSignature);
}

TEST(VerifierTest, NamesTheHeaderThatIsMissingOrThereTwice) {
  const Verifier verifier = Make("paynow");
  for (const size_t index : {0, 1}) {
    Delivery delivery = PayNow();
    const auto header = delivery.headers[index];
    delivery.headers.erase(delivery.headers.begin() + static_cast<ptrdiff_t>(index));
    Verdict verdict = verifier.Verify(delivery.Headers(), kBody, kNow);
    EXPECT_EQ(verdict.check, Check::kMissingHeader);
    EXPECT_EQ(verdict.header, header.first);
    for (const std::string& second : {header.second, std::string("other")}) {
      delivery = PayNow();
      delivery.headers.emplace_back(absl::AsciiStrToLower(header.first), second);
      verdict = verifier.Verify(delivery.Headers(), kBody, kNow);
      EXPECT_EQ(verdict.check, Check::kRepeatedHeader);
      EXPECT_EQ(verdict.header, header.first);
    }
  }
}

TEST(VerifierTest, ReadsNamesOfHeadersInAnyCaseAmongOthers) {
  Delivery delivery = PayNow();
  delivery.headers[0].first = "paynow-timestamp";
  delivery.headers[1].first = "PAYNOW-SIGNATURE";
  delivery.headers.insert(delivery.headers.begin(), {"X-PayNow-Signature", "x"});
  delivery.headers.emplace_back("Content-Type", "application/json");
  EXPECT_EQ(CheckOf(Make("paynow"), delivery), Check::kPassed);
}

TEST(VerifierTest, DoesNotTakeOneProvidersSignatureForAnothers) {
  const std::string digest = Hmac(kSecret, kBody);
  Delivery delivery{{{"X-Webhook-Signature", HexText(digest)},
                     {"Sec-Signature", HexText(digest)},
                     {"Sec-Timestamp", absl::StrCat(kSeconds)},
                     {"PayNow-Signature", Base64Text(digest)},
                     {"PayNow-Timestamp", Millis(kNow)}}};
  EXPECT_EQ(CheckOf(Make("paymentkit"), delivery), Check::kPassed);
  EXPECT_EQ(CheckOf(Make("convergegate"), delivery), Check::kSignature);
  EXPECT_EQ(CheckOf(Make("paynow"), delivery), Check::kSignature);
}

TEST(VerifierTest, BelievesAnUnsignedProviderOnlyWhereThatIsAllowed) {
  EXPECT_EQ(CheckOf(Make("qashier", {}), Delivery()), Check::kUnsigned);
  EXPECT_EQ(CheckOf(Make("qashier", {.allow_unsigned = true}), Delivery()), Check::kPassed);
}

TEST(VerifierTest, RefusesOptionsThatContradictTheProvider) {
  const auto error = [](absl::string_view provider, Verifier::Options options) {
    return std::string(Verifier::Create(SchemeOf(provider), std::move(options)).status().message());
  };
  EXPECT_EQ(error("paynow", {}), "secrets: at least one is required");
  EXPECT_EQ(error("paynow", {.secrets = {"s", ""}}), "secrets: one is empty");
  EXPECT_EQ(error("paynow", {.secrets = {"s"}, .allow_unsigned = true}),
            "allow_unsigned: this provider signs its webhooks");
  EXPECT_EQ(error("qashier", {.secrets = {"s"}}), "secrets: this provider documents no signature");
}

TEST(VerifierTest, NamesEveryCheck) {
  EXPECT_EQ(Name(Check::kPassed), "passed");
  EXPECT_EQ(Name(Check::kMissingHeader), "missing_header");
  EXPECT_EQ(Name(Check::kRepeatedHeader), "repeated_header");
  EXPECT_EQ(Name(Check::kSignature), "signature");
  EXPECT_EQ(Name(Check::kTimestamp), "timestamp");
  EXPECT_EQ(Name(Check::kTooOld), "too_old");
  EXPECT_EQ(Name(Check::kInTheFuture), "in_the_future");
  EXPECT_EQ(Name(Check::kUnsigned), "unsigned");
}

}  // namespace
}  // namespace gateway::webhooks

#include "service/events/forward/signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace gateway::events {
namespace {

using testing::HasSubstr;

// The example that the libraries of the Standard Webhooks specification are tested with.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kId[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr char kTime[] = "1614265330";
constexpr char kBody[] = R"({"test": 2432232314})";
constexpr char kSignature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

std::string SecretOf(size_t bytes) {
  return absl::StrCat("whsec_", absl::Base64Escape(std::string(bytes, 'k')));
}

std::string WhyRefused(const std::vector<std::string>& secrets) {
  return std::string(Signer::Create(secrets).status().message());
}

TEST(SignerTest, SignsAsStandardWebhooksSay) {
  const auto signer = Signer::Create({kSecret});
  ASSERT_TRUE(signer.ok()) << signer.status();
  EXPECT_EQ(signer->Sign(kId, kTime, kBody), kSignature);
}

TEST(SignerTest, WhileASecretIsExchangedEachSigns) {
  const auto signer = Signer::Create({SecretOf(32), kSecret});
  ASSERT_TRUE(signer.ok()) << signer.status();
  const auto old = Signer::Create({SecretOf(32)});
  EXPECT_EQ(signer->Sign(kId, kTime, kBody),
            absl::StrCat(*old->Sign(kId, kTime, kBody), " ", kSignature));
  EXPECT_FALSE(*signer == *old);
  EXPECT_TRUE(*old == *Signer::Create({SecretOf(32)}));
}

TEST(SignerTest, SecretsHaveAFormAndALength) {
  EXPECT_TRUE(Signer::Create({SecretOf(24)}).ok());
  EXPECT_TRUE(Signer::Create({SecretOf(64)}).ok());
  EXPECT_THAT(WhyRefused({SecretOf(23)}), HasSubstr("24 to 64 bytes"));
  EXPECT_THAT(WhyRefused({SecretOf(65)}), HasSubstr("24 to 64 bytes"));
  EXPECT_THAT(WhyRefused({"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}), HasSubstr("whsec_"));
  EXPECT_THAT(WhyRefused({"whsec_not base64!"}), HasSubstr("Base64"));
  EXPECT_THAT(WhyRefused({}), HasSubstr("one secret"));
  EXPECT_THAT(WhyRefused({kSecret, kSecret, kSecret}), HasSubstr("two"));
}

}  // namespace
}  // namespace gateway::events

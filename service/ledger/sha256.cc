#include "service/ledger/sha256.h"

#include <utility>

namespace gateway::ledger {
namespace {

constexpr size_t kBlockBytes = 64;

const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

Sha256 Padded(const std::string& key, char pad) {
  std::string block(kBlockBytes, pad);
  for (size_t i = 0; i < key.size(); ++i) block[i] = static_cast<char>(block[i] ^ key[i]);
  Sha256 hash;
  hash.Add(block);
  return hash;
}

}  // namespace

Sha256::Sha256()
    : context_(EVP_MD_CTX_new()),
      good_(context_ != nullptr && Sha256Algorithm() != nullptr &&
            EVP_DigestInit_ex(context_.get(), Sha256Algorithm(), nullptr) == 1) {}

Sha256& Sha256::Add(absl::string_view bytes) {
  good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  return *this;
}

std::string Sha256::Finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  good_ = good_ && EVP_DigestFinal_ex(context_.get(), digest, &size) == 1;
  return good_ ? std::string(reinterpret_cast<const char*>(digest), size) : "";
}

absl::StatusOr<HmacSha256> HmacSha256::Create(absl::string_view key) {
  std::string block(key);
  if (block.size() > kBlockBytes) block = Sha256().Add(key).Finish();
  HmacSha256 made;
  made.inner_ = std::make_shared<const Sha256>(Padded(block, 0x36));
  made.outer_ = std::make_shared<const Sha256>(Padded(block, 0x5c));
  if (!made.inner_->good_ || !made.outer_->good_) return absl::InternalError("no SHA-256");
  return made;
}

HmacSha256::Code HmacSha256::Begin() const {
  Code code;
  for (const auto& [to, from] : {std::pair(&code.inner_, &inner_), {&code.outer_, &outer_}}) {
    to->good_ = to->good_ && EVP_MD_CTX_copy_ex(to->context_.get(), (*from)->context_.get()) == 1;
  }
  return code;
}

std::string HmacSha256::Code::Finish() {
  const std::string inner = inner_.Finish();
  return inner.empty() ? "" : outer_.Add(inner).Finish();
}

}  // namespace gateway::ledger

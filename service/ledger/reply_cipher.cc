#include "service/ledger/reply_cipher.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/ledger/random_bytes.h"

namespace gateway::ledger {
namespace {

constexpr char kVersion = 1;
constexpr size_t kIdBytes = 8;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kHeadBytes = 1 + kIdBytes + kNonceBytes;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Looked up one time. Otherwise OpenSSL would look it up for each value.
const EVP_CIPHER* Algorithm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm;
}

absl::Status Lost(absl::string_view why) { return absl::DataLossError(why); }

}  // namespace

absl::StatusOr<ReplyCipher::Key> ReplyCipher::MakeKey(absl::string_view bytes) {
  if (bytes.size() != kKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a key has to have ", kKeyBytes, " bytes"));
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const std::string labelled = absl::StrCat("ledger key id", bytes);
  if (EVP_Digest(labelled.data(), labelled.size(), digest, &size, EVP_sha256(), nullptr) != 1) {
    return absl::InternalError("no SHA-256");
  }
  return Key{std::string(bytes), std::string(reinterpret_cast<const char*>(digest), kIdBytes)};
}

absl::StatusOr<std::shared_ptr<ReplyCipher>> ReplyCipher::Create(absl::string_view current,
                                                                 absl::string_view previous) {
  std::shared_ptr<ReplyCipher> cipher(new ReplyCipher);
  if (const absl::Status status = cipher->Replace(current, previous); !status.ok()) return status;
  return cipher;
}

absl::Status ReplyCipher::Replace(absl::string_view current, absl::string_view previous) {
  absl::StatusOr<Key> first = MakeKey(current);
  if (!first.ok()) return first.status();
  Key second;
  if (!previous.empty()) {
    absl::StatusOr<Key> made = MakeKey(previous);
    if (!made.ok()) return made.status();
    second = *std::move(made);
  }
  const MutexLock lock(mutex_);
  current_ = *std::move(first);
  previous_ = std::move(second);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReplyCipher::Seal(absl::string_view plain,
                                              absl::string_view identity) const {
  Key key;
  {
    const MutexLock lock(mutex_);
    key = current_;
  }
  std::string sealed = absl::StrCat(std::string(1, kVersion), key.id);
  sealed.resize(kHeadBytes + plain.size() + kTagBytes);
  unsigned char* const nonce = Bytes(sealed) + 1 + kIdBytes;
  unsigned char* const body = Bytes(sealed) + kHeadBytes;
  int size = 0;
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const bool good =
      context != nullptr && RandomBytes(nonce, kNonceBytes) &&
      EVP_EncryptInit_ex(context.get(), Algorithm(), nullptr, Bytes(key.bytes), nonce) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(identity),
                        static_cast<int>(identity.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), body, &size, Bytes(plain), static_cast<int>(plain.size())) ==
          1 &&
      EVP_EncryptFinal_ex(context.get(), body + plain.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, body + plain.size()) == 1;
  if (!good) return absl::InternalError("a reply cannot be encrypted");
  return sealed;
}

absl::StatusOr<std::string> ReplyCipher::Open(absl::string_view sealed,
                                              absl::string_view identity) const {
  if (sealed.size() < kHeadBytes + kTagBytes) return Lost("an encrypted value is torn");
  if (sealed[0] != kVersion) return Lost("an encrypted value is of an unknown version");
  const absl::string_view id = sealed.substr(1, kIdBytes);
  std::string key;
  {
    const MutexLock lock(mutex_);
    if (id == current_.id)
      key = current_.bytes;
    else if (!previous_.bytes.empty() && id == previous_.id)
      key = previous_.bytes;
  }
  if (key.empty()) return Lost("an encrypted value is of a key that is not there");
  const absl::string_view nonce = sealed.substr(1 + kIdBytes, kNonceBytes);
  const absl::string_view body = sealed.substr(kHeadBytes, sealed.size() - kHeadBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(body.size(), '\0');
  int size = 0;
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const bool good =
      context != nullptr &&
      EVP_DecryptInit_ex(context.get(), Algorithm(), nullptr, Bytes(key), Bytes(nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(identity),
                        static_cast<int>(identity.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), Bytes(plain), &size, Bytes(body),
                        static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), Bytes(plain) + plain.size(), &size) == 1;
  if (!good) return Lost("an encrypted value is changed, or of another row");
  return plain;
}

}  // namespace gateway::ledger

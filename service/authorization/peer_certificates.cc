#include "service/authorization/peer_certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/escaping.h"

namespace gateway::authorization {
namespace {

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
void FreeAll(STACK_OF(X509) * all) { sk_X509_pop_free(all, X509_free); }
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Chain = std::unique_ptr<STACK_OF(X509), Deleter<FreeAll>>;
using Verification = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using Integer = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

// The signature is at the end: it alone tells certificates apart well enough for a hash.
constexpr size_t kTail = 160;

size_t KeyOf(absl::string_view leaf, absl::string_view chain) {
  return absl::HashOf(leaf.substr(leaf.size() - std::min(leaf.size(), kTail)), chain.size());
}

std::vector<Certificate> ReadAll(absl::string_view pem) {
  std::vector<Certificate> all;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(next);
  }
  ERR_clear_error();
  return all;
}

absl::Time EndOf(const X509& certificate) {
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) return absl::InfinitePast();
  return absl::FromTM(end, absl::UTCTimeZone());
}

std::string NameOf(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return "";
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(std::max(size, 0L)));
}

std::string SerialOf(const X509& certificate) {
  const Integer number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
  if (number == nullptr) return "";
  std::string bytes(static_cast<size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return absl::BytesToHexString(bytes);
}

std::string KeyDigestOf(const X509& certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_pubkey_digest(&certificate, EVP_sha256(), digest, &size) != 1) return "";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

// As the handshake does it, with these authorities. Times are the caller's to look at: what is
// found here stays true.
PeerCertificate Verify(X509_STORE& authorities, absl::string_view leaf_pem,
                       absl::string_view chain_pem) {
  PeerCertificate certificate;
  const std::vector<Certificate> leaf = ReadAll(leaf_pem);
  if (leaf.empty()) return certificate;
  certificate.ends = EndOf(*leaf.front());
  certificate.serial = SerialOf(*leaf.front());
  certificate.issuer = NameOf(X509_get_issuer_name(leaf.front().get()));
  certificate.subject = NameOf(X509_get_subject_name(leaf.front().get()));
  const Chain shown(sk_X509_new_null());
  for (Certificate& link : ReadAll(chain_pem)) sk_X509_push(shown.get(), link.release());
  const Verification context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), &authorities, leaf.front().get(), shown.get()) != 1 ||
      X509_STORE_CTX_set_default(context.get(), "ssl_client") != 1) {
    return certificate;
  }
  certificate.trusted = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  const STACK_OF(X509)* const built = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; certificate.trusted && i < sk_X509_num(built); ++i) {
    const X509& link = *sk_X509_value(built, i);
    certificate.ends = std::min(certificate.ends, EndOf(link));
    certificate.authority = KeyDigestOf(link);  // the last one's stays
  }
  return certificate;
}

}  // namespace

void PeerCertificates::SetAuthorities(const std::string& pem) {
  Store store(X509_STORE_new(), Release());
  // The first two as gRPC's handshake has them.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST |
                                        X509_V_FLAG_NO_CHECK_TIME);
  for (const Certificate& authority : ReadAll(pem)) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  ERR_clear_error();
  const std::lock_guard lock(mutex_);
  authorities_ = std::move(store);
  remembered_.clear();
}

std::shared_ptr<const PeerCertificate> PeerCertificates::Find(absl::string_view leaf,
                                                              absl::string_view chain) {
  const size_t key = KeyOf(leaf, chain);
  Store authorities;
  {
    const std::lock_guard lock(mutex_);
    const auto found = remembered_.find(key);
    if (found != remembered_.end() && found->second.leaf == leaf && found->second.chain == chain) {
      return found->second.certificate;
    }
    authorities = authorities_;
  }
  if (authorities == nullptr) return std::make_shared<const PeerCertificate>();
  const auto fresh = std::make_shared<const PeerCertificate>(Verify(*authorities, leaf, chain));
  const std::lock_guard lock(mutex_);
  if (authorities != authorities_) return fresh;  // exchanged meanwhile: the next call asks again
  if (remembered_.size() >= kMostRemembered) remembered_.clear();
  remembered_.insert_or_assign(key, Remembered{std::string(leaf), std::string(chain), fresh});
  return fresh;
}

}  // namespace gateway::authorization

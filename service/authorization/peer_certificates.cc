#include "service/authorization/peer_certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/escaping.h"
#include "absl/strings/strip.h"

namespace gateway::authorization {
namespace {

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
void FreeStack(STACK_OF(X509) * all) { sk_X509_free(all); }
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Chain = std::unique_ptr<STACK_OF(X509), Deleter<FreeStack>>;  // owns no certificate
using Verification = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using Integer = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

// The signature is at the end of a certificate. It differs enough to serve as a hash of the whole.
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

// Verifies the chain as the handshake does, with these authorities. Does not check times, so that
// the result stays true. Returns the earliest expiry in the chain, or nullopt if no chain leads to
// an authority.
std::optional<absl::Time> EndOfChain(X509_STORE& authorities, X509& leaf,
                                     const std::vector<Certificate>& shown) {
  const Chain others(sk_X509_new_null());
  for (const Certificate& link : shown) sk_X509_push(others.get(), link.get());
  const Verification context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), &authorities, &leaf, others.get()) != 1 ||
      X509_STORE_CTX_set_default(context.get(), "ssl_client") != 1) {
    return std::nullopt;
  }
  const bool trusted = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!trusted) return std::nullopt;
  const STACK_OF(X509)* const built = X509_STORE_CTX_get0_chain(context.get());
  absl::Time end = absl::InfiniteFuture();
  for (int i = 0; i < sk_X509_num(built); ++i) {
    end = std::min(end, EndOf(*sk_X509_value(built, i)));
  }
  return end;
}

// "spiffe://example/ns/shop" -> "example"
absl::string_view TrustDomainOf(absl::string_view spiffe) {
  absl::ConsumePrefix(&spiffe, "spiffe://");
  return spiffe.substr(0, spiffe.find('/'));
}

}  // namespace

bool PeerCertificate::MaySpeakFor(absl::string_view spiffe) const {
  return !domains || domains->contains(std::string(TrustDomainOf(spiffe)));
}

PeerCertificate PeerCertificates::Verify(const Stores& stores, absl::string_view leaf_pem,
                                         absl::string_view chain_pem) {
  PeerCertificate certificate;
  const std::vector<Certificate> leaf = ReadAll(leaf_pem);
  if (leaf.empty()) return certificate;
  X509& own = *leaf.front();
  certificate.ends = EndOf(own);
  certificate.serial = SerialOf(own);
  certificate.issuer = NameOf(X509_get_issuer_name(&own));
  certificate.subject = NameOf(X509_get_subject_name(&own));
  const std::vector<Certificate> shown = ReadAll(chain_pem);
  const std::optional<absl::Time> end = EndOfChain(*stores.all, own, shown);
  certificate.trusted = end.has_value();
  if (end) certificate.ends = *end;
  if (stores.of_domains.empty()) return certificate;
  certificate.domains.emplace();
  for (const auto& [domain, store] : stores.of_domains) {
    if (EndOfChain(*store, own, shown)) certificate.domains->insert(domain);
  }
  return certificate;
}

PeerCertificates::Store PeerCertificates::StoreOf(const std::string& pem) {
  Store store(X509_STORE_new());
  // gRPC's handshake uses the first two flags. The third leaves the expiry to the caller.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST |
                                        X509_V_FLAG_NO_CHECK_TIME);
  for (const Certificate& authority : ReadAll(pem)) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  ERR_clear_error();
  return store;
}

void PeerCertificates::SetAuthorities(const ClientAuthorities& authorities) {
  auto stores = std::make_shared<Stores>();
  stores->all = StoreOf(authorities.all);
  for (const auto& [domain, pem] : authorities.of_domains) {
    stores->of_domains.emplace(domain, StoreOf(pem));
  }
  const MutexLock lock(mutex_);
  authorities_ = std::move(stores);
  remembered_.clear();
}

std::shared_ptr<const PeerCertificate> PeerCertificates::Find(absl::string_view leaf,
                                                              absl::string_view chain) {
  const size_t key = KeyOf(leaf, chain);
  std::shared_ptr<const Stores> authorities;
  {
    const MutexLock lock(mutex_);
    const auto found = remembered_.find(key);
    if (found != remembered_.end() && found->second.leaf == leaf && found->second.chain == chain) {
      return found->second.certificate;
    }
    authorities = authorities_;
  }
  if (authorities == nullptr) return std::make_shared<const PeerCertificate>();
  const auto fresh = std::make_shared<const PeerCertificate>(Verify(*authorities, leaf, chain));
  const MutexLock lock(mutex_);
  if (authorities != authorities_) return fresh;  // they changed meanwhile: do not remember
  if (remembered_.size() >= kMostRemembered) remembered_.clear();
  remembered_.insert_or_assign(key, Remembered{std::string(leaf), std::string(chain), fresh});
  return fresh;
}

}  // namespace gateway::authorization

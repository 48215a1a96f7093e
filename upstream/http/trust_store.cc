#include "upstream/http/trust_store.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <utility>

namespace gateway::http {
namespace {

using Store = std::shared_ptr<X509_STORE>;

// Two authorities may have the same name, for example while a key is replaced. OpenSSL tells them
// apart by the key identifier in the certificate. If a certificate has no identifier, OpenSSL takes
// the first authority with the name, so the signature is checked here.
int IsIssuedBy(X509_STORE_CTX*, X509* certificate, X509* issuer) {
  if (X509_check_issued(issuer, certificate) != X509_V_OK) return 0;
  if (X509_get0_authority_key_id(certificate) != nullptr) return 1;
  EVP_PKEY* const key = X509_get0_pubkey(issuer);
  return key != nullptr && X509_verify(certificate, key) == 1 ? 1 : 0;
}

Store EmptyStore() {
  Store store(X509_STORE_new(), X509_STORE_free);
  if (store == nullptr) return nullptr;
  // As in libcurl: an intermediate authority may be trusted without its root.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_set_check_issued(store.get(), IsIssuedBy);
  return store;
}

const curl_version_info_data& Curl() {
  static const curl_version_info_data* const info = curl_version_info(CURLVERSION_NOW);
  return *info;
}

Store ReadSystems(const std::string& file) {
  Store store = EmptyStore();
  if (store == nullptr) return nullptr;
  if (!file.empty()) X509_STORE_load_file(store.get(), file.c_str());
  // OpenSSL looks into the folder only when it needs an authority.
  if (Curl().capath != nullptr) X509_STORE_load_path(store.get(), Curl().capath);
  ERR_clear_error();
  return store;
}

Store Parse(const std::string& authorities) {
  Store store = EmptyStore();
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size())), &BIO_free);
  while (store != nullptr && text != nullptr) {
    const std::unique_ptr<X509, decltype(&X509_free)> authority(
        PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr), &X509_free);
    if (authority == nullptr) break;
    X509_STORE_add_cert(store.get(), authority.get());
  }
  ERR_clear_error();
  return store;
}

}  // namespace

std::string TrustStore::SystemsFile() { return Curl().cainfo == nullptr ? "" : Curl().cainfo; }

TrustStore::TrustStore(std::string authorities, std::string systems_file)
    : is_systems_(authorities.empty()),
      systems_file_(std::move(systems_file)),
      store_(is_systems_ ? nullptr : Parse(authorities)) {}

TrustStore::~TrustStore() = default;

void TrustStore::ApplyTo(EasyHandle& easy) const {
  easy.Set(CURLOPT_CAINFO, nullptr)
      .Set(CURLOPT_CAPATH, nullptr)
      .Set(CURLOPT_SSL_CTX_FUNCTION, &TrustStore::OnContext)
      .Set(CURLOPT_SSL_CTX_DATA, const_cast<TrustStore*>(this));
}

CURLcode TrustStore::OnContext(CURL*, void* context, void* self) {
  const Store store = static_cast<const TrustStore*>(self)->Current();
  if (store == nullptr) return CURLE_OUT_OF_MEMORY;
  auto* const tls = static_cast<SSL_CTX*>(context);
  SSL_CTX_set1_cert_store(tls, store.get());
  // With read-ahead, one read takes a whole TLS record. By itself, OpenSSL reads the record's
  // header first.
  SSL_CTX_set_read_ahead(tls, 1);
  return CURLE_OK;
}

Store TrustStore::Current() const {
  const MutexLock lock(mutex_);
  if (!is_systems_) return store_;
  const Stamp stamp = StampOfSystems();
  if (store_ == nullptr || stamp != stamp_) {
    store_ = ReadSystems(systems_file_);
    stamp_ = stamp;
  }
  return store_;
}

TrustStore::Stamp TrustStore::StampOfSystems() const {
  struct stat about {};
  if (stat(systems_file_.c_str(), &about) != 0) return {};
  return {.changed = about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec,
          .size = about.st_size,
          .inode = about.st_ino};
}

}  // namespace gateway::http

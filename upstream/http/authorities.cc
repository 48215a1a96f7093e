#include "upstream/http/authorities.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "absl/time/time.h"

namespace gateway::http {
namespace {

constexpr absl::Duration kSystemsAge = absl::Hours(24);

// All of them, or false.
bool AddAll(const std::string& pem, X509_STORE* store) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (text == nullptr) return false;
  bool any = false;
  while (X509* const certificate = PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr)) {
    any = X509_STORE_add_cert(store, certificate) == 1;
    X509_free(certificate);
    if (!any) return false;
  }
  // The last attempt to read found no further beginning; anything else is a broken certificate.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return any && at_end;
}

// Where libcurl is built to find them.
bool AddSystems(X509_STORE* store) {
  const curl_version_info_data* const built = curl_version_info(CURLVERSION_NOW);
  if (built->cainfo == nullptr && built->capath == nullptr) {
    return X509_STORE_set_default_paths(store) == 1;
  }
  return X509_STORE_load_locations(store, built->cainfo, built->capath) == 1;
}

CURLcode OnContext(CURL*, void* context, void* store) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
  return CURLE_OK;
}

}  // namespace

Authorities::Store Authorities::Get() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = SteadyTime::Now();
  if (store_ == nullptr || (pem_.empty() && now - read_ > kSystemsAge)) {
    store_ = Read();
    read_ = now;
  }
  return store_;
}

Authorities::Store Authorities::Read() const {
  Store store(X509_STORE_new(), &X509_STORE_free);
  if (store == nullptr) return nullptr;
  // As libcurl sets them: an authority need not be a root.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  const bool whole = pem_.empty() ? AddSystems(store.get()) : AddAll(pem_, store.get());
  return whole ? store : nullptr;
}

void Authorities::Trust(EasyHandle& easy, X509_STORE* store) {
  // libcurl is built with a file and a directory, which would be read and trusted beside these.
  easy.Set(CURLOPT_CAINFO, nullptr)
      .Set(CURLOPT_CAPATH, nullptr)
      .Set(CURLOPT_CA_CACHE_TIMEOUT, 0L)
      .Set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(store))
      .Set(CURLOPT_SSL_CTX_FUNCTION, &OnContext);
}

}  // namespace gateway::http

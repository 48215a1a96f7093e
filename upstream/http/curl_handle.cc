#include "upstream/http/curl_handle.h"

#include <openssl/ssl.h>

#include <csignal>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace gateway::http {
namespace {

// OpenSSL writes to sockets without MSG_NOSIGNAL: a write to a closed connection would end the
// process.
void IgnoreSigpipe() {
  struct sigaction present {};
  if (sigaction(SIGPIPE, nullptr, &present) == 0 && present.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

}  // namespace

absl::Status InitializeCurl() {
  static const CURLcode code = [] {
    IgnoreSigpipe();
    unsetenv("SSLKEYLOGFILE");  // libcurl opens the file when it is initialized
    return curl_global_init(CURL_GLOBAL_ALL);
  }();
  if (code == CURLE_OK) {
    // TrustStore hands OpenSSL objects to libcurl, so libcurl must use OpenSSL.
    const char* const tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
    if (tls != nullptr && absl::StartsWith(tls, "OpenSSL")) return absl::OkStatus();
    return absl::InternalError("libcurl: not built with OpenSSL");
  }
  return absl::InternalError(absl::StrCat("libcurl: ", curl_easy_strerror(code)));
}

EasyHandle EasyHandle::Create() {
  EasyHandle easy;
  easy.handle_.reset(curl_easy_init());
  if (easy.handle_ != nullptr) easy.status_ = CURLE_OK;
  return easy;
}

bool EasyHandle::HasBufferedTls() const {
  const curl_tlssessioninfo* session = nullptr;
  if (curl_easy_getinfo(get(), CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK) return false;
  if (session == nullptr || session->internals == nullptr) return false;
  const auto* const tls = static_cast<const SSL*>(session->internals);
  // If the header of a record is all that has come of it, OpenSSL no longer counts the header as
  // pending, and waits for the record's body ("RB").
  return SSL_has_pending(tls) == 1 || absl::string_view(SSL_rstate_string(tls)) == "RB";
}

EasyHandle& EasyHandle::SetBlob(CURLoption option, absl::string_view data) {
  curl_blob blob{};
  blob.data = const_cast<char*>(data.data());
  blob.len = data.size();
  blob.flags = CURL_BLOB_COPY;
  return Set(option, &blob);
}

std::shared_ptr<Share> Share::Create() {
  std::shared_ptr<Share> share(new Share());
  share->handle_ = curl_share_init();
  if (share->handle_ == nullptr) return nullptr;
  curl_share_setopt(share->handle_, CURLSHOPT_USERDATA, share.get());
  curl_share_setopt(share->handle_, CURLSHOPT_LOCKFUNC, &Share::Lock);
  curl_share_setopt(share->handle_, CURLSHOPT_UNLOCKFUNC, &Share::Unlock);
  curl_share_setopt(share->handle_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share->handle_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  return share;
}

Share::~Share() { curl_share_cleanup(handle_); }

void Share::Lock(CURL*, curl_lock_data data, curl_lock_access, void* self) {
  static_cast<Share*>(self)->mutexes_[data].Lock();
}

void Share::Unlock(CURL*, curl_lock_data data, void* self) {
  static_cast<Share*>(self)->mutexes_[data].Unlock();
}

}  // namespace gateway::http

#include "upstream/http/curl_handle.h"

#include "absl/strings/str_cat.h"

namespace gateway::http {

absl::Status InitializeCurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_ALL);
  if (code == CURLE_OK) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("libcurl: ", curl_easy_strerror(code)));
}

EasyHandle EasyHandle::Create() {
  EasyHandle easy;
  easy.handle_.reset(curl_easy_init());
  if (easy.handle_ != nullptr) easy.status_ = CURLE_OK;
  return easy;
}

long EasyHandle::GetLong(CURLINFO info) const {
  long value = 0;
  if (curl_easy_getinfo(handle_.get(), info, &value) != CURLE_OK) return 0;
  return value;
}

curl_off_t EasyHandle::GetLength(CURLINFO info) const {
  curl_off_t value = -1;
  if (curl_easy_getinfo(handle_.get(), info, &value) != CURLE_OK) return -1;
  return value;
}

}  // namespace gateway::http

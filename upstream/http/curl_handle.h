// libcurl's handles as C++ values: each frees itself, and options that fail are noticed once, at
// the end.
//
// Thread-safety: none; a handle belongs to one thread at a time.
// Lifetime: an EasyHandle must have left its multi handle before either of them is destroyed.
//
//   EasyHandle easy = EasyHandle::Create();
//   easy.Set(CURLOPT_URL, url.c_str()).Set(CURLOPT_NOSIGNAL, 1L);
//   if (easy.status() != CURLE_OK) ...
#ifndef UPSTREAM_HTTP_CURL_HANDLE_H_
#define UPSTREAM_HTTP_CURL_HANDLE_H_

#include <curl/curl.h>

#include <memory>
#include <type_traits>

#include "absl/status/status.h"

namespace gateway::http {

// Prepares libcurl for the whole process, at the first call.
absl::Status InitializeCurl();

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;

class EasyHandle {
 public:
  // Empty when libcurl has no memory: status() is then CURLE_OUT_OF_MEMORY.
  static EasyHandle Create();

  EasyHandle() = default;
  EasyHandle(EasyHandle&&) = default;
  EasyHandle& operator=(EasyHandle&&) = default;

  CURL* get() const { return handle_.get(); }

  // The first failure of Set since Create.
  CURLcode status() const { return status_; }

  // `value` is a long, a pointer or a function, as the option's documentation has it.
  template <typename T>
  EasyHandle& Set(CURLoption option, T value) {
    static_assert(std::is_same_v<T, long> || std::is_pointer_v<T> || std::is_null_pointer_v<T>,
                  "libcurl reads numbers as long, whatever was passed");
    if (status_ == CURLE_OK) status_ = curl_easy_setopt(handle_.get(), option, value);
    return *this;
  }

  // Zero when libcurl does not know.
  long GetLong(CURLINFO info) const;

  // For the infos of type curl_off_t; -1 when libcurl does not know.
  curl_off_t GetLength(CURLINFO info) const;

 private:
  std::unique_ptr<CURL, EasyDeleter> handle_;
  CURLcode status_ = CURLE_OUT_OF_MEMORY;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CURL_HANDLE_H_

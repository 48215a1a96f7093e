// C++ owners of libcurl's handles. Each frees its handle. Options are set in a chain, and status()
// returns the first failure of them.
//
// Thread-safety: an EasyHandle belongs to one thread at a time; a Share may be used by handles of
// any thread. Lifetime: a Share must outlive the handles that it was set on.
//
//   EasyHandle easy = EasyHandle::Create();
//   easy.Set(CURLOPT_URL, url.c_str()).Set(CURLOPT_NOSIGNAL, 1L);
//   if (easy.status() != CURLE_OK) ...
#ifndef UPSTREAM_HTTP_CURL_HANDLE_H_
#define UPSTREAM_HTTP_CURL_HANDLE_H_

#include <curl/curl.h>

#include <array>
#include <memory>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "upstream/mutex.h"

namespace gateway::http {

// Prepares libcurl for the whole process, at the first call. From then on SIGPIPE is ignored,
// unless the process had set something else for it. SSLKEYLOGFILE has no effect: this debugging aid
// would write the keys of every connection into a file.
absl::Status InitializeCurl();

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

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

  // `value` is a long, a pointer or a function, as the option's documentation says.
  template <typename T>
  EasyHandle& Set(CURLoption option, T value) {
    static_assert(std::is_same_v<T, long> || std::is_pointer_v<T> || std::is_null_pointer_v<T>,
                  "libcurl reads numbers as long, whatever was passed");
    if (status_ == CURLE_OK) status_ = curl_easy_setopt(handle_.get(), option, value);
    return *this;
  }

  // Whether TLS has read bytes from the socket that curl_easy_recv has not returned yet: whole
  // records, or the first part of one. No event of the socket reports such bytes. If
  // curl_easy_recv has just said CURLE_AGAIN, they are a part of a record. To be called after
  // curl_easy_recv only. Returns false without TLS.
  bool HasBufferedTls() const;

  // Libcurl keeps a copy of the data.
  EasyHandle& SetBlob(CURLoption option, absl::string_view data);

 private:
  std::unique_ptr<CURL, EasyDeleter> handle_;
  CURLcode status_ = CURLE_OUT_OF_MEMORY;
};

// DNS results and TLS sessions that several handles share.
class Share {
 public:
  // Null when libcurl has no memory.
  static std::shared_ptr<Share> Create();
  ~Share();
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  CURLSH* get() const { return handle_; }

 private:
  Share() = default;

  // libcurl calls Lock and Unlock in pairs. clang analyses one function at a time, and does not see
  // the pairs.
  static void Lock(CURL*, curl_lock_data data, curl_lock_access,
                   void* self) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  static void Unlock(CURL*, curl_lock_data data, void* self) ABSL_NO_THREAD_SAFETY_ANALYSIS;

  CURLSH* handle_ = nullptr;
  std::array<Mutex, CURL_LOCK_DATA_LAST> mutexes_;  // one for each kind of shared data
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CURL_HANDLE_H_

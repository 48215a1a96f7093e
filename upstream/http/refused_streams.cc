#include "upstream/http/refused_streams.h"

#include <dlfcn.h>
#include <nghttp2/nghttp2.h>

#include <atomic>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace gateway::http {
namespace {

std::atomic<nghttp2_on_stream_close_callback> libcurls_callback{nullptr};

absl::flat_hash_set<const void*>& Refused() {
  thread_local absl::flat_hash_set<const void*> refused;
  return refused;
}

// libcurl makes the easy handle the stream's user data. Should it stop to, no transfer finds itself
// among the refused ones.
int OnStreamClose(nghttp2_session* session, int32_t stream, uint32_t error_code, void* user_data) {
  if (error_code == NGHTTP2_REFUSED_STREAM) {
    const void* const owner = nghttp2_session_get_stream_user_data(session, stream);
    if (owner != nullptr) Refused().insert(owner);
  }
  return libcurls_callback.load(std::memory_order_acquire)(session, stream, error_code, user_data);
}

bool IsOfLibcurl(nghttp2_on_stream_close_callback callback) {
  Dl_info info;
  return dladdr(reinterpret_cast<void*>(callback), &info) != 0 && info.dli_fname != nullptr &&
         absl::StrContains(info.dli_fname, "libcurl");
}

}  // namespace

bool TakeRefusal(CURL* easy) {
  absl::flat_hash_set<const void*>& refused = Refused();
  return !refused.empty() && refused.erase(easy) > 0;
}

}  // namespace gateway::http

// nghttp2's own, with a listener between nghttp2 and libcurl. Other users of nghttp2 in this
// process get what they asked for.
extern "C" void nghttp2_session_callbacks_set_on_stream_close_callback(
    nghttp2_session_callbacks* callbacks, nghttp2_on_stream_close_callback callback) {
  static const auto original =
      reinterpret_cast<decltype(&nghttp2_session_callbacks_set_on_stream_close_callback)>(
          dlsym(RTLD_NEXT, "nghttp2_session_callbacks_set_on_stream_close_callback"));
  if (gateway::http::IsOfLibcurl(callback)) {
    gateway::http::libcurls_callback.store(callback, std::memory_order_release);
    callback = &gateway::http::OnStreamClose;
  }
  original(callbacks, callback);
}

// What no client on libcurl can beat: COUNT POST requests, IN_FLIGHT at a time, on one multi
// handle, and nothing else. Prints the processor time of each, in microseconds.
//
//   floor_curl URL IN_FLIGHT COUNT [CA_FILE]   (https: HTTP/2 where ALPN grants it)
#include <curl/curl.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

size_t Append(char* data, size_t size, size_t count, void* reply) {
  static_cast<std::string*>(reply)->append(data, size * count);
  return size * count;
}

class Poster {
 public:
  Poster(const char* url, const char* ca_file) : url_(url), ca_file_(ca_file) {
    for (const char* line : {"Content-Type: application/json", "Accept: application/json",
                             "Authorization: APIKey pnapi_v1_floor", "Expect:"}) {
      headers_ = curl_slist_append(headers_, line);
    }
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  }

  // Returns how many of them were answered.
  int Run(int in_flight, int count) {
    std::vector<std::string> replies(in_flight);
    int started = 0;
    for (; started < in_flight; ++started) curl_multi_add_handle(multi_, Make(replies[started]));
    int ended = 0;
    int good = 0;
    while (ended < count) {
      int unused = 0;
      curl_multi_perform(multi_, &unused);
      while (const CURLMsg* const message = curl_multi_info_read(multi_, &unused)) {
        ++ended;
        good += message->data.result == CURLE_OK ? 1 : 0;
        CURL* const easy = message->easy_handle;
        curl_multi_remove_handle(multi_, easy);
        if (started++ < count) curl_multi_add_handle(multi_, Emptied(easy));
      }
      if (ended < count) curl_multi_poll(multi_, nullptr, 0, 100, nullptr);
    }
    return good;
  }

 private:
  CURL* Make(std::string& reply) {
    CURL* const easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url_);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body_.size()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, Append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &reply);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (ca_file_ != nullptr) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_);
    return easy;
  }

  static CURL* Emptied(CURL* easy) {
    std::string* reply = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &reply);
    reply->clear();
    return easy;
  }

  const char* const url_;
  const char* const ca_file_;
  const std::string body_ = std::string(400, 'x');
  CURLM* const multi_ = curl_multi_init();
  curl_slist* headers_ = nullptr;
};

double ProcessorMicroseconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  curl_global_init(CURL_GLOBAL_ALL);
  Poster poster(argv[1], argc > 4 ? argv[4] : nullptr);
  const int in_flight = std::atoi(argv[2]);
  const int count = std::atoi(argv[3]);
  const double before = ProcessorMicroseconds();
  const int good = poster.Run(in_flight, count);
  std::printf("%d of %d, %.2f us\n", good, count, (ProcessorMicroseconds() - before) / count);
  return good == count ? 0 : 1;
}

#include "upstream/sandbox/webhooks/courier.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/formats.h"
#include "upstream/sandbox/webhooks/signature.h"

namespace gateway::sandbox {
namespace {

constexpr absl::Duration kLate = absl::Seconds(10);
constexpr size_t kMaxAnswer = 2000;

// Keeps the beginning; the rest is read and forgotten.
size_t TakeAnswer(char* data, size_t size, size_t count, void* answer) {
  auto& text = *static_cast<std::string*>(answer);
  text.append(data, std::min(size * count, kMaxAnswer - text.size()));
  return size * count;
}

bool IsWebAddress(absl::string_view url) {
  return absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://");
}

}  // namespace

Courier::Options Courier::OptionsOf(const Json& settings) {
  Options options;
  options.signature = settings.value("signature", Json::object());
  const Json retries = settings.value("retries", Json::object());
  for (const Json& pause : retries.value("pauses", Json::array())) {
    options.pauses.push_back(absl::Seconds(pause.get<int64_t>()));
  }
  options.final_4xx = retries.value("final_4xx", false);
  return options;
}

Courier::Courier(Options options, OnDelivered on_delivered)
    : options_(std::move(options)), on_delivered_(std::move(on_delivered)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  thread_ = std::thread([this] { Run(); });
}

Courier::~Courier() {
  {
    const MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void Courier::Post(const std::vector<Json>& events) {
  const MutexLock lock(mu_);
  for (const Json& event : events) {
    for (const Json& target : event.value("targets", Json::array())) Add(event, target);
    for (const std::string& url : options_.urls) {
      Add(event, {{"url", url}, {"secret", options_.secret}});
    }
  }
  changed_.NotifyAll();
}

void Courier::Add(const Json& event, const Json& target) {
  Delivery delivery;
  delivery.id = ++last_id_;
  delivery.event = {{"type", event.value("type", "")}, {"id", event.value("id", "")}};
  delivery.target = target;
  delivery.body = WriteJson(event.value("payload", Json::object()));
  const Json own = event.value("headers", Json::object());
  for (const auto& [name, value] : own.items()) {
    delivery.headers.emplace_back(name, value);
  }
  log_.push_front(std::move(delivery));
  if (log_.size() > options_.max_log) log_.pop_back();
  const Due due{absl::Now(), last_id_};
  if (to_reverse_ == 0) {
    due_.push_back(due);
    return;
  }
  reversed_.push_back(due);
  if (--to_reverse_ > 0) return;
  // Equal times go out in the order of this list.
  for (auto one = reversed_.rbegin(); one != reversed_.rend(); ++one) {
    due_.push_back({due.time, one->delivery});
  }
  reversed_.clear();
}

void Courier::Reverse(size_t count) {
  const MutexLock lock(mu_);
  to_reverse_ = count;
}

bool Courier::Send(int64_t id, const std::string& how) {
  const MutexLock lock(mu_);
  if (Find(id) == nullptr) return false;
  if (how != "again" && how != "twice" && how != "late" && how != "tampered") return false;
  const absl::Time time = how == "late" ? absl::Now() + kLate : absl::Now();
  for (int i = how == "twice" ? 2 : 1; i > 0; --i) {
    due_.push_back({time, id, how == "tampered", /*repeats=*/false});
  }
  changed_.NotifyAll();
  return true;
}

void Courier::Forward(absl::Duration time) {
  const MutexLock lock(mu_);
  for (Due& due : due_) due.time -= time;
  changed_.NotifyAll();
}

void Courier::Clear() {
  const MutexLock lock(mu_);
  log_.clear();
  due_.clear();
  reversed_.clear();
  to_reverse_ = 0;
}

Json Courier::Log() const {
  const MutexLock lock(mu_);
  Json log = Json::array();
  for (const Delivery& delivery : log_) {
    log.push_back({{"id", delivery.id},
                   {"event", delivery.event},
                   {"url", delivery.target.value("url", "")},
                   {"state", delivery.state},
                   {"body", delivery.body},
                   {"attempts", delivery.attempts}});
    for (const Due& due : due_) {
      if (due.delivery == delivery.id) log.back()["next"] = TimeText(due.time);
    }
  }
  return log;
}

Courier::Delivery* Courier::Find(int64_t id) {
  for (Delivery& delivery : log_) {
    if (delivery.id == id) return &delivery;
  }
  return nullptr;
}

void Courier::Run() {
  const MutexLock lock(mu_);
  while (!stopping_) {
    const auto next =
        std::min_element(due_.begin(), due_.end(),
                         [](const Due& left, const Due& right) { return left.time < right.time; });
    if (next == due_.end()) {
      changed_.Wait(mu_);
      continue;
    }
    if (next->time > absl::Now()) {
      changed_.WaitUntil(mu_, SteadyTime::FromWall(next->time));
      continue;
    }
    const Due due = *next;
    due_.erase(next);
    const MutexUnlock unlock(mu_);
    Deliver(due);
  }
}

void Courier::Deliver(const Due& due) {
  Json target;
  std::string body;
  Headers headers;
  {
    const MutexLock lock(mu_);
    const Delivery* const delivery = Find(due.delivery);
    if (delivery == nullptr) return;
    target = delivery->target;
    body = delivery->body;
    headers = delivery->headers;
  }
  const absl::Time now = absl::Now();
  for (auto& header : Sign(options_.signature, target.value("secret", ""), body, now)) {
    headers.push_back(std::move(header));
  }
  if (due.tampered && !body.empty()) body.insert(body.size() - 1, " ");
  const auto [status, answer] = Call(target.value("url", ""), headers, body);
  const bool taken = status >= 200 && status < 300;
  {
    const MutexLock lock(mu_);
    if (Delivery* const delivery = Find(due.delivery); delivery != nullptr) {
      const size_t attempts = delivery->attempts.size();
      delivery->attempts.push_back({{"time", TimeText(now)},
                                    {"status", status},
                                    {"answer", answer},
                                    {"tampered", due.tampered}});
      const bool final = taken || (options_.final_4xx && status >= 400 && status < 500);
      const bool again = !final && due.repeats && attempts < options_.pauses.size();
      delivery->state = taken ? "taken" : again ? "waiting" : "failed";
      if (again) due_.push_back({absl::Now() + options_.pauses[attempts], due.delivery});
    }
  }
  target["status"] = status;
  on_delivered_(target);
}

std::pair<int, std::string> Courier::Call(const std::string& url, const Headers& headers,
                                          const std::string& body) const {
  if (!IsWebAddress(url)) return {0, "no address of the web"};
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
  for (const auto& [name, value] : headers) {
    list = curl_slist_append(list, absl::StrCat(name, ": ", value).c_str());
  }
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(options_.timeout)));
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &TakeAnswer);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode result = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(list);
  if (result != CURLE_OK) return {0, curl_easy_strerror(result)};
  return {static_cast<int>(status), answer};
}

}  // namespace gateway::sandbox

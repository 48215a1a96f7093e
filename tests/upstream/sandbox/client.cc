#include "tests/upstream/sandbox/client.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::sandbox {

Client::Client(int port, std::string key) : http_("127.0.0.1", port), key_(std::move(key)) {
  http_.set_keep_alive(true);
  http_.set_tcp_nodelay(true);
  http_.set_read_timeout(60);
}

Answer Client::Send(const std::string& verb, const std::string& target, const std::string& body,
                    const std::string& content_type) {
  httplib::Request request;
  request.method = verb;
  request.path = target;
  if (!key_.empty()) request.set_header("Authorization", "APIKey " + key_);
  if (!body.empty()) {
    request.set_header("Content-Type", content_type);
    request.body = body;
  }
  const httplib::Result result = http_.send(request);
  if (!result) return {};
  Answer answer{result->status, result->get_header_value("Content-Type"), result->body, Json()};
  if (std::optional<Json> json = ParseJson(answer.text)) answer.body = *std::move(json);
  return answer;
}

std::unique_ptr<Sandbox> StartSandbox() {
  Sandbox::Options options;
  options.threads = 16;
  auto sandbox = Sandbox::Start(std::move(options));
  if (!sandbox.ok()) {
    ADD_FAILURE() << sandbox.status();
    std::abort();
  }
  return *std::move(sandbox);
}

std::string Describe(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& violation : violations) {
    absl::StrAppend(&text, violation.path, ": ", violation.code, ", ", violation.message, "\n");
  }
  return text;
}

}  // namespace gateway::sandbox

#include "tests/end_to_end/support/stack.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::end_to_end {
namespace {

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::cerr << value.status().ToString() << "\n";
    std::abort();
  }
  return *std::move(value);
}

// Keeps a key in a file while the gateway reads it.
class KeyFile {
 public:
  explicit KeyFile(const std::string& key) {
    static std::atomic<int> count{0};
    path_ = absl::StrCat(testing::TempDir(), "/end-to-end-key-", ::getpid(), "-", count++);
    std::ofstream(path_) << key << "\n";
  }
  ~KeyFile() { ::unlink(path_.c_str()); }
  KeyFile(const KeyFile&) = delete;
  KeyFile& operator=(const KeyFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::unique_ptr<Gateway> StartGateway(const StackOptions& options, std::string base_url) {
  Config config;
  config.listen = "127.0.0.1:0";
  config.default_deadline = options.default_deadline;
  config.drain_grace = options.drain_grace;
  config.ledger.file = options.ledger_file;
  UpstreamConfig& upstream = config.upstreams[options.provider];
  upstream.options.base_url = std::move(base_url);
  upstream.options.default_store = options.default_store;
  upstream.options.refuse_repeated_writes = options.refuse_repeated_writes;
  upstream.harmless_repeats = options.harmless_repeats;
  upstream.pool = options.pool;
  upstream.profile = options.profile;
  std::vector<std::unique_ptr<KeyFile>> files;
  if (!options.default_key.empty()) {
    files.push_back(std::make_unique<KeyFile>(options.default_key));
    upstream.api_key.file = files.back()->path();
  }
  for (const auto& [store, key] : options.store_keys) {
    files.push_back(std::make_unique<KeyFile>(key));
    upstream.store_keys[store].file = files.back()->path();
  }
  return Must(Gateway::Create(config));
}

}  // namespace

Stack::Stack(const StackOptions& options) {
  sandbox::Sandbox::Options sandbox;
  sandbox.provider = options.provider;
  sandbox.api_keys = {sandbox::kSandboxApiKey};
  sandbox_ = Must(sandbox::Sandbox::Start(std::move(sandbox)));
  const std::string base_url = options.base_url.empty()
                                   ? absl::StrCat("http://127.0.0.1:", sandbox_->port())
                                   : options.base_url;
  gateway_ = StartGateway(options, base_url);
  caller_ = std::make_unique<Caller>(gateway_->port());
}

}  // namespace gateway::end_to_end

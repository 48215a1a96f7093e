#include "upstream/sandbox/command_line.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

constexpr int kPort = 8080;
constexpr int kMaxPort = 65535;

// All providers, in the order of their ports.
constexpr const char* kProviders[] = {"paynow", "paymentkit", "qashier", "convergegate"};

absl::Status Wrong(absl::string_view name, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", why));
}

// The value of an argument. It is for one provider ("qashier=VALUE"), or for all if `provider` is
// empty.
struct Value {
  std::string provider;
  std::string text;
};

Value Split(absl::string_view text) {
  const size_t equals = text.find('=');
  const absl::string_view name = text.substr(0, equals);
  if (equals == absl::string_view::npos || FindBundle(name) == nullptr) {
    return {"", std::string(text)};
  }
  return {std::string(name), std::string(text.substr(equals + 1))};
}

class Reader {
 public:
  explicit Reader(std::vector<std::string> providers) : providers_(std::move(providers)) {
    for (const std::string& provider : providers_) {
      Sandbox::Options& options = shops_.emplace_back();
      options.provider = provider;
    }
  }

  absl::Status Read(absl::string_view name, const std::string& text) {
    if (name == "--provider") return absl::OkStatus();
    if (name == "--listen") return ReadListen(text);
    if (name == "--fault") return ReadFaultArgument(text);
    if (name == "--open-window") return ReadOpenWindow(text);
    const Value value = Split(text);
    if (!value.provider.empty() && Find(value.provider) == nullptr) {
      return Wrong(name, absl::StrCat(value.provider, " is not served"));
    }
    if (name == "--api-key") {
      return Each(value, [&](Sandbox::Options& o) { o.api_keys.push_back(value.text); });
    }
    if (name == "--webhook") {
      return Each(value, [&](Sandbox::Options& o) { o.webhook_urls.push_back(value.text); });
    }
    if (name == "--webhook-secret") {
      return Each(value, [&](Sandbox::Options& o) { o.webhook_secret = value.text; });
    }
    if (name == "--public-url" || name == "--seed") return ReadOne(name, value);
    return Wrong(name, "there is no such argument");
  }

  std::vector<Sandbox::Options> Take() {
    int port = port_;
    for (Sandbox::Options& options : shops_) {
      options.host = host_;
      options.port = port;
      if (port != 0) ++port;
    }
    return std::move(shops_);
  }

 private:
  Sandbox::Options* Find(absl::string_view provider) {
    for (Sandbox::Options& options : shops_) {
      if (options.provider == provider) return &options;
    }
    return nullptr;
  }

  template <typename Change>
  absl::Status Each(const Value& value, const Change& change) {
    for (Sandbox::Options& options : shops_) {
      if (value.provider.empty() || value.provider == options.provider) change(options);
    }
    return absl::OkStatus();
  }

  absl::Status ReadListen(const std::string& text) {
    const size_t colon = text.rfind(':');
    const int last = static_cast<int>(shops_.size()) - 1;
    if (colon == std::string::npos || colon == 0 ||
        !absl::SimpleAtoi(text.substr(colon + 1), &port_) || port_ < 0 || port_ + last > kMaxPort) {
      return Wrong("--listen", absl::StrCat(text, ": write HOST:PORT, with room for ",
                                            shops_.size(), " ports up to ", kMaxPort));
    }
    host_ = text.substr(0, colon);
    return absl::OkStatus();
  }

  absl::Status ReadFaultArgument(const std::string& text) {
    const absl::StatusOr<Fault> fault = ParseFault(text);
    if (!fault.ok()) return Wrong("--fault", fault.status().message());
    return Each({}, [&](Sandbox::Options& options) { options.faults.push_back(*fault); });
  }

  absl::Status ReadOpenWindow(const std::string& text) {
    if (text != "true" && text != "false") return Wrong("--open-window", "true or false");
    return Each({}, [&](Sandbox::Options& options) { options.open_window = text == "true"; });
  }

  // Reads --seed or --public-url, which can be set for one provider only.
  absl::Status ReadOne(absl::string_view name, const Value& value) {
    if (value.provider.empty() && shops_.size() > 1) {
      return Wrong(name, "say whose: paynow=...");
    }
    Sandbox::Options& options = value.provider.empty() ? shops_.front() : *Find(value.provider);
    if (name == "--public-url") {
      options.public_url = value.text;
      return absl::OkStatus();
    }
    std::ifstream file(value.text, std::ios::binary);
    if (!file) return Wrong(name, absl::StrCat("cannot read ", value.text));
    options.seed.assign(std::istreambuf_iterator<char>(file), {});
    if (options.seed.empty()) return Wrong(name, absl::StrCat(value.text, " is empty"));
    return absl::OkStatus();
  }

  const std::vector<std::string> providers_;
  std::vector<Sandbox::Options> shops_;
  std::string host_ = "127.0.0.1";
  int port_ = kPort;
};

absl::StatusOr<std::vector<std::string>> Providers(absl::string_view program,
                                                   const std::vector<std::string>& arguments) {
  std::vector<std::string> named;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    if (arguments[i] != "--provider") continue;
    if (FindBundle(arguments[i + 1]) == nullptr) {
      return Wrong("--provider", absl::StrCat("there is no provider ", arguments[i + 1]));
    }
    if (std::count(named.begin(), named.end(), arguments[i + 1]) == 0) {
      named.push_back(arguments[i + 1]);
    }
  }
  if (!named.empty()) return named;
  if (program == "paynow-sandbox") return std::vector<std::string>{"paynow"};
  return std::vector<std::string>(std::begin(kProviders), std::end(kProviders));
}

}  // namespace

absl::string_view Usage() {
  return "usage: provider-sandbox [--provider NAME]... [--listen HOST:PORT] [ARGUMENT VALUE]...\n"
         "\n"
         "Stand-ins for the providers' APIs, each on a port of its own, that forget everything "
         "when\n"
         "they stop. A browser sees a store at http://HOST:PORT/_sandbox/.\n"
         "\n"
         "  --provider NAME     convergegate, paymentkit, paynow or qashier; may be repeated "
         "(all;\n"
         "                      started as paynow-sandbox: paynow)\n"
         "  --listen HOST:PORT  where to listen: the first provider on PORT, the next on PORT + "
         "1,\n"
         "                      and so on; with port 0 each takes a free one (127.0.0.1:8080)\n"
         "  --fault FAULT       a fault that the next calls meet, as KIND[:OPERATION[:TIMES]]; may "
         "be\n"
         "                      repeated. commit-then-drop:RefundOrder:1 executes one refund and "
         "ends\n"
         "                      the connection without an answer. Others: drop-before-commit, "
         "delay,\n"
         "                      too-many-requests, internal-error, bad-gateway, cut-reply, "
         "slow-reply,\n"
         "                      foreign-reply. While it runs: POST /_sandbox/api/faults\n"
         "  --open-window true  lets others than this machine use /_sandbox/, which knows no key\n"
         "\n"
         "For one provider, as paynow=VALUE, or for all:\n"
         "  --api-key KEY       a key to accept; may be repeated (the provider's own for tests)\n"
         "  --webhook URL       gets every event, signed; may be repeated\n"
         "  --webhook-secret S  what is signed with for --webhook (whsec_sandbox)\n"
         "\n"
         "For one provider:\n"
         "  --seed FILE         the records to start with, as /_sandbox/api/export writes them\n"
         "  --public-url URL    where browsers find the sandbox (http://127.0.0.1:PORT)\n"
         "\n"
         "  SANDBOX_API_KEY     the same as one --api-key, from the environment\n";
}

absl::StatusOr<std::vector<Sandbox::Options>> ReadCommandLine(
    absl::string_view program, const std::vector<std::string>& arguments,
    const std::string& api_key) {
  absl::StatusOr<std::vector<std::string>> providers = Providers(program, arguments);
  if (!providers.ok()) return providers.status();
  Reader reader(*std::move(providers));
  if (!api_key.empty()) {
    if (absl::Status status = reader.Read("--api-key", api_key); !status.ok()) return status;
  }
  for (size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 == arguments.size()) return Wrong(arguments[i], "a value must follow");
    absl::Status status = reader.Read(arguments[i], arguments[i + 1]);
    if (!status.ok()) return status;
  }
  return reader.Take();
}

}  // namespace gateway::sandbox

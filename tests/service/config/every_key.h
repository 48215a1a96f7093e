// A configuration that has every section, and the place of each key of the table in it.
#ifndef TESTS_SERVICE_CONFIG_EVERY_KEY_H_
#define TESTS_SERVICE_CONFIG_EVERY_KEY_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gateway {

// Returns the JSON pointer to a key of the table.
inline std::string PointerOf(std::string path) {
  path = "/" + path;
  for (char& c : path) {
    if (c == '.') c = '/';
  }
  return absl::StrReplaceAll(path, {{"<name>", "paynow"},
                                    {"<store id>", "s34"},
                                    {"<trust domain>", "domain"},
                                    {"<provider>", "paynow"},
                                    {"<account>", "eu"},
                                    {"<secret name>", "first"},
                                    {"<subscription>", "all"},
                                    {"<forwarder>/nats", "stream/nats"},
                                    {"<forwarder>", "shop"},
                                    {"<upstream>", "paynow"},
                                    {"<beginning>", "v1"},
                                    {"<RPC>", "shop"},
                                    {"<field>", "size"}});
}

// A configuration that has every section, so that each key can be changed alone.
inline nlohmann::json Everything() {
  return nlohmann::json::parse(R"({
    "server": {
      "tls": {"certificate_file": "/c", "key_file": "/k", "client_ca_file": "/a",
              "trust_domains": {"domain": {"ca_file": "/d"}}},
      "health_listen": "127.0.0.1:1", "probe_listen": "127.0.0.1:2"},
    "metrics": {"listen": "127.0.0.1:3"},
    "upstreams": {"paynow": {
      "base_url": "https://h", "ca_file": "/u", "api_key": {"file": "/k1"},
      "stores": {"s34": {"api_key": {"file": "/k2"}}},
      "tls": {"certificate_file": "/uc", "key_file": "/uk"},
      "proxy": {"url": "http://p:1", "user": "u", "password_file": "/pw"}}},
    "webhooks": {"listen": "127.0.0.1:4", "certificate_file": "/wc", "key_file": "/wk",
                 "providers": {"paynow": {
                   "secrets": {"first": {"file": "/s"}},
                   "accounts": {"eu": {"secrets": {"first": {"file": "/sa"}}}}}}},
    "authorization": {"policy_file": "/p",
                      "jwt": {"jwks_file": "/j", "issuer": "i", "audience": "a"}},
    "audit": {"file": "/audit"},
    "ledger": {"file": "/l", "secret_file": "/ls", "reply_key_file": "/lr"},
    "events": {"file": "/e", "body_key_file": "/eb", "subscriptions": {"all": {}}, "forward": {
      "shop": {"http": {
        "url": "https://f", "ca_file": "/fa", "secrets": {"first": {"file": "/fs"}},
        "tls": {"certificate_file": "/fc", "key_file": "/fk"},
        "proxy": {"url": "http://fp:1", "user": "u", "password_file": "/fpw"}}},
      "stream": {"nats": {
        "servers": ["tls://n:4222"], "stream": "S", "subject": "s", "ca_file": "/na",
        "tls": {"certificate_file": "/nc", "key_file": "/nk"},
        "user": "u", "password_file": "/npw"}}},
      "sweep": {"paynow": {"stores": ["1"]}}}})");
}

// Removes what cannot stand beside the key: each of them names another source of one thing.
inline void RemoveRival(const std::string& pointer, nlohmann::json& config) {
  if (absl::EndsWith(pointer, "/env")) {
    config[nlohmann::json::json_pointer(pointer).parent_pointer()].erase("file");
  }
  if (absl::EndsWith(pointer, "/nats/credentials_file")) {
    nlohmann::json& nats = config[nlohmann::json::json_pointer(pointer).parent_pointer()];
    nats.erase("user");
    nats.erase("password_file");
  }
  for (const char* const section : {"ledger", "events"}) {
    if (pointer == absl::StrCat("/", section, "/postgresql/dsn_file")) {
      config[section].erase("file");
    }
  }
}

}  // namespace gateway

#endif  // TESTS_SERVICE_CONFIG_EVERY_KEY_H_

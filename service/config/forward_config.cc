#include "service/config/forward_config.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "service/config/config_checks.h"
#include "service/config/events_config.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

constexpr absl::Duration kLongestTimeout = absl::Minutes(5);

HttpForwardConfig ReadHttp(Section& parent) {
  HttpForwardConfig http;
  Section section =
      parent.Child("http", "A POST for each event: CloudEvents 1.0, signed as Standard Webhooks.");
  section.Read("url", "Where to, https://. Redirects are not followed. Required.", http.url);
  section.Read("allow_plaintext", "Send events to a url of `http://` that is not on this machine.",
               http.allow_plaintext);
  ReadAuthorities(section, http.tls);
  ReadClientCertificate(section, "this target", http.tls);
  ReadProxy(section, "this target", http.proxy);
  section.Each(
      "secrets", "secret name",
      "What the gateway signs with: `whsec_` and Base64. While a secret is being exchanged "
      "there are two, and both sign.",
      [&](const std::string& name, Section& entry) {
        KeySource source = ReadKeySource(entry, "secret");
        if (entry.present()) http.secrets.emplace(name, std::move(source));
      });
  if (!section.present()) return http;
  if (http.url.empty()) section.Fail("url", "is required");
  if (SendsKeysInPlainText(http.url) && !http.allow_plaintext) {
    section.Fail("url",
                 "events would cross the network in plain text: use https://, or set "
                 "allow_plaintext to true");
  }
  if (http.secrets.empty()) section.Fail("secrets", "one is required, or two");
  if (http.secrets.size() > 2) section.Fail("secrets", "there are more than two");
  return http;
}

// Whether events to this server would cross a network in plain text.
bool IsPlainText(absl::string_view server) {
  return absl::ConsumePrefix(&server, "nats://") &&
         SendsKeysInPlainText(absl::StrCat("http://", server));
}

bool IsSubject(absl::string_view subject) {
  const std::vector<absl::string_view> tokens = absl::StrSplit(subject, '.');
  return std::all_of(tokens.begin(), tokens.end(), [](absl::string_view token) {
    return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
      return absl::ascii_isalnum(c) || c == '-' || c == '_';
    });
  });
}

void CheckNats(const NatsForwardConfig& nats, Section& section) {
  if (nats.servers.empty()) section.Fail("servers", "is required");
  for (const std::string& server : nats.servers) {
    if (IsPlainText(server) && !nats.allow_plaintext) {
      section.Fail("servers",
                   "events would cross the network in plain text: use tls://, or set "
                   "allow_plaintext to true");
    }
  }
  if (!IsSubject(nats.stream) || absl::StrContains(nats.stream, '.')) {
    section.Fail("stream", "must be a name of letters, digits, - and _");
  }
  if (!IsSubject(nats.subject)) {
    section.Fail("subject", "must be names of letters, digits, - and _, with dots between");
  }
  if (nats.user.empty() != nats.password_file.empty()) {
    section.Fail("", "user and password_file belong together");
  }
  if (!nats.user.empty() && !nats.credentials_file.empty()) {
    section.Fail("credentials_file", "stands beside user");
  }
}

NatsForwardConfig ReadNats(Section& parent) {
  NatsForwardConfig nats;
  Section section = parent.Child(
      "nats",
      "A publication to a stream of NATS JetStream for each event, taken when the server says that "
      "the stream has it.");
  section.Read("servers", "nats://host:port or tls://host:port; no others are used. Required.",
               nats.servers);
  section.Read("stream", "The stream, which has to exist and to take the subjects. Required.",
               nats.stream);
  section.Read(
      "subject",
      "What subjects begin with: an event goes to `<subject>.<provider>.<type>`. Required.",
      nats.subject);
  section.Read("allow_plaintext",
               "Send events to a server of `nats://` that is not on this machine.",
               nats.allow_plaintext);
  ReadAuthorities(section, nats.tls);
  ReadClientCertificate(section, "this target", nats.tls);
  section.Read("user", "Name to give to the server, if it wants one.", nats.user);
  section.Read("password_file", "File that holds the password to it; watched.", nats.password_file);
  section.Read("credentials_file",
               "File of credentials, JWT and seed, as nsc writes it, instead of user and password; "
               "watched.",
               nats.credentials_file);
  if (section.present()) CheckNats(nats, section);
  return nats;
}

}  // namespace

ForwardConfig ReadForward(Section& section) {
  ForwardConfig forward;
  ReadFilter(section, forward.providers, forward.types, forward.stores);
  ReadInteger(section, "max_attempts",
              "An event that was tried so often becomes a dead letter. What never reached the "
              "target does not count.",
              forward.max_attempts, 1, 1000);
  section.Read("ordered",
               "Hand on an event of an order, session or subscription only when the one before it "
               "is taken, or a dead letter.",
               forward.ordered);
  section.Read("max_in_flight", "Events that are handed on at a time.", forward.max_in_flight, 1,
               1000);
  section.Read("timeout", "Time for one event, from the connection to the answer; 5m at most.",
               forward.timeout, absl::Milliseconds(10));
  section.Read("base_wait",
               "Longest pause after the first try that failed; doubled with each further one.",
               forward.base_wait, absl::Milliseconds(10));
  section.Read("max_wait", "Longest pause after any, unless the target asks for more.",
               forward.max_wait, absl::Milliseconds(10));
  forward.http = ReadHttp(section);
  forward.nats = ReadNats(section);
  if (forward.timeout > kLongestTimeout) section.Fail("timeout", "must be at most 5m");
  if (forward.base_wait > forward.max_wait) section.Fail("base_wait", "is longer than max_wait");
  const bool http = forward.http != HttpForwardConfig{};
  const bool nats = forward.nats != NatsForwardConfig{};
  if (section.present() && http == nats) {
    section.Fail("", http ? "has both http and nats" : "needs http or nats");
  }
  return forward;
}

}  // namespace gateway

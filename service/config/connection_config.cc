#include "service/config/connection_config.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/config/read_file.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

// Returns the name of the file or the variable, for a message. If the text does not look like such
// a name, it may be the key itself in the wrong place, and a general text is returned instead.
std::string Shown(const KeySource& source) {
  if (!source.file.empty()) {
    const bool path = absl::StartsWith(source.file, "/") || absl::StartsWith(source.file, "./") ||
                      absl::StartsWith(source.file, "../");
    return path ? source.file : "the key's file";
  }
  const bool variable = std::all_of(source.env.begin(), source.env.end(), [](char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
  });
  return variable ? source.env : "of this name";
}

}  // namespace

KeySource ReadKeySource(Section& section, absl::string_view what) {
  KeySource source;
  section.Read("file",
               absl::StrCat("File that holds the ", what, "; a line end after it is ignored."),
               source.file);
  section.Read("env",
               absl::StrCat("Environment variable that holds the ", what, ", if not a file."),
               source.env);
  if (section.present() && source.file.empty() == source.env.empty()) {
    section.Fail("", "set either file or env");
  }
  return source;
}

void ReadAuthorities(Section& section, UpstreamTlsFiles& tls) {
  section.Read("ca_file",
               "PEM file of the authorities to trust instead of the system's; watched. "
               "Verification cannot be turned off.",
               tls.ca_file);
}

void ReadClientCertificate(Section& parent, absl::string_view whom, UpstreamTlsFiles& tls) {
  Section section =
      parent.Child("tls", absl::StrCat("What the gateway proves its identity to ", whom, " with."));
  section.Read("certificate_file", "PEM file of the certificate and its chain; watched.",
               tls.certificate_file);
  section.Read("key_file", "PEM file of its private key, without a passphrase; watched.",
               tls.key_file);
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    section.Fail("", "certificate_file and key_file belong together");
  }
}

void ReadProxy(Section& parent, absl::string_view whom, ProxyConfig& proxy) {
  Section section = parent.Child(
      "proxy",
      absl::StrCat("Through what ", whom, " is reached. The environment's proxies are not used."));
  section.Read("url", "http://host:port or socks5h://host:port; empty: connections are direct.",
               proxy.url);
  section.Read("user", "Name to give to the proxy, if it wants one.", proxy.user);
  section.Read("password_file", "File that holds the password to it; watched.",
               proxy.password_file);
  if (proxy.user.empty() != proxy.password_file.empty()) {
    section.Fail("", "user and password_file belong together");
  }
  if (proxy.url.empty() && !proxy.user.empty()) section.Fail("url", "is required");
}

absl::StatusOr<std::string> ReadKey(const KeySource& source) {
  std::string key;
  const absl::string_view name = source.file.empty() ? "env" : "file";
  if (!source.file.empty()) {
    std::optional<std::string> text = ReadFile(source.file);
    if (!text)
      return absl::NotFoundError(
          absl::StrCat("file: ", Shown(source), " ", WhyUnreadable(source.file)));
    key = *std::move(text);
  } else {
    const char* value = std::getenv(source.env.c_str());
    if (value == nullptr) {
      return absl::NotFoundError(absl::StrCat("env: there is no variable ", Shown(source)));
    }
    key = value;
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.empty()) return absl::InvalidArgumentError(absl::StrCat(name, ": the key is empty"));
  for (const char c : key) {
    if (!absl::ascii_isgraph(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": the key has something other than printable ASCII"));
    }
  }
  return key;
}

}  // namespace gateway

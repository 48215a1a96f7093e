// Every key of the table that names a file: whether the gateway watches it, warns if everybody may
// read it, and knows when its certificates expire. A new key cannot be forgotten: what is no
// certificate and no exception below has to be a secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "service/config/certificates.h"
#include "service/config/config.h"
#include "service/generation/secret_files.h"
#include "tests/service/config/every_key.h"

namespace gateway {
namespace {

using testing::Contains;

constexpr char kFile[] = "/a-file-of-this-key-alone";

// The gateway writes these files itself.
constexpr std::array<absl::string_view, 4> kWritten = {"tracing.file", "audit.file", "ledger.file",
                                                       "events.file"};
// Everybody may read these.
constexpr std::array<absl::string_view, 2> kPublic = {"authorization.policy_file",
                                                      "authorization.jwt.jwks_file"};

bool NamesFile(const ConfigReader::Key& key) {
  return (absl::EndsWith(key.path, ".file") || absl::EndsWith(key.path, "_file")) &&
         !absl::c_linear_search(kWritten, key.path);
}

bool HasCertificates(absl::string_view path) {
  return absl::EndsWith(path, "certificate_file") || absl::EndsWith(path, "ca_file");
}

// Everything, with kFile at this key.
Config ConfigWith(const std::string& path) {
  const std::string pointer = PointerOf(path);
  nlohmann::json config = Everything();
  RemoveRival(pointer, config);
  config[nlohmann::json::json_pointer(pointer)] = kFile;
  auto parsed = ParseConfig("g.json", config.dump());
  EXPECT_TRUE(parsed.ok()) << path << ": " << parsed.status();
  return parsed.ok() ? *std::move(parsed) : Config();
}

TEST(FileKeysTest, EveryFileIsWatchedAndEverySecretMustNotBeReadByAll) {
  int files = 0;
  for (const ConfigReader::Key& key : ConfigKeys()) {
    if (!NamesFile(key)) continue;
    ++files;
    const Config config = ConfigWith(key.path);
    EXPECT_THAT(WatchedFilesOf(config), Contains(kFile)) << key.path;
    const bool is_public = HasCertificates(key.path) || absl::c_linear_search(kPublic, key.path);
    EXPECT_EQ(SecretFilesOf(config).count(kFile), is_public ? 0u : 1u) << key.path;
  }
  EXPECT_GE(files, 25);
}

TEST(FileKeysTest, TheEndOfEveryCertificateIsKnown) {
  int files = 0;
  std::set<std::string> series;
  for (const ConfigReader::Key& key : ConfigKeys()) {
    if (!NamesFile(key) || !HasCertificates(key.path)) continue;
    ++files;
    const std::vector<CertificateFile> found = CertificateFiles(ConfigWith(key.path));
    const auto file = absl::c_find_if(
        found, [](const CertificateFile& candidate) { return candidate.file == kFile; });
    ASSERT_TRUE(file != found.end()) << key.path;
    const auto kind = absl::EndsWith(key.path, "ca_file") ? CertificateKind::kAuthorities
                                                          : CertificateKind::kChain;
    EXPECT_EQ(file->kind, kind) << key.path;
    EXPECT_TRUE(series.insert(absl::StrCat(file->role, " ", file->label, " ", file->name)).second)
        << key.path << ": another file has the same series";
  }
  EXPECT_GE(files, 10);
}

}  // namespace
}  // namespace gateway

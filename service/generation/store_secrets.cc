#include "service/generation/store_secrets.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/config/config.h"
#include "service/config/prefixed.h"

namespace gateway {
namespace {

constexpr size_t kLeastSecret = 32;

// Makes the file, unless it exists. If two processes try at the same time, one makes it and both
// read it.
absl::Status MakeSecret(const std::string& file) {
  unsigned char random[32];
  if (RAND_bytes(random, sizeof(random)) != 1) {
    return absl::UnavailableError("the system has no random bytes");
  }
  const std::string text =
      absl::StrCat(absl::BytesToHexString({reinterpret_cast<char*>(random), sizeof(random)}), "\n");
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0 && errno == EEXIST) return absl::OkStatus();
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", file));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (written) return absl::OkStatus();
  unlink(file.c_str());
  return absl::UnavailableError(absl::StrCat("cannot write ", file));
}

}  // namespace

absl::StatusOr<std::string> ReadStoreSecret(absl::string_view key, const std::string& file) {
  absl::StatusOr<std::string> text = ReadKey({.file = file, .env = ""});
  if (!text.ok()) return Prefixed(absl::StrCat(key, ": "), text.status());
  if (text->size() >= kLeastSecret) return text;
  return absl::InvalidArgumentError(
      absl::StrCat(key, ": needs ", kLeastSecret, " visible characters or more"));
}

absl::StatusOr<std::string> StoreSecretOr(const std::string& key, const std::string& configured,
                                          const std::string& beside) {
  if (!configured.empty()) return ReadStoreSecret(key, configured);
  if (absl::Status status = MakeSecret(beside); !status.ok()) {
    return Prefixed(absl::StrCat(key, ": "), status);
  }
  return ReadStoreSecret(key, beside);
}

std::string CipherKeyOf(const std::string& text) {
  if (text.empty()) return "";
  std::string key(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(key.data()));
  return key;
}

absl::Status MakeStoreFolder(const std::string& file) {
  const std::string folder = std::filesystem::path(file).parent_path();
  if (folder.empty() || mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno, absl::StrCat("file: cannot make the folder ", folder));
}

}  // namespace gateway

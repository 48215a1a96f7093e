#include "service/generation/store_secrets.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "service/config/config.h"
#include "service/config/prefixed.h"
#include "service/ledger/sqlite/files.h"

namespace gateway {
namespace {

constexpr size_t kLeastSecret = 32;

// Makes the file with this text, unless it exists. The file appears as a whole, because it is
// written under another name first. If several processes try at the same time, one makes the file
// and all read it.
absl::Status MakeFile(const std::string& file, const std::string& text) {
  std::string draft = file + ".XXXXXX";
  const int fd = mkostemp(draft.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", file));
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  const absl::Status status = written ? ledger::PutInPlace(draft, file)
                                      : absl::UnavailableError(absl::StrCat("cannot write ", file));
  if (!status.ok()) unlink(draft.c_str());
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status MakeSecret(const std::string& file) {
  if (access(file.c_str(), F_OK) == 0) return absl::OkStatus();
  unsigned char random[32];
  if (RAND_bytes(random, sizeof(random)) != 1) {
    return absl::UnavailableError("the system has no random bytes");
  }
  return MakeFile(
      file, absl::StrCat(absl::BytesToHexString({reinterpret_cast<char*>(random), sizeof(random)}),
                         "\n"));
}

absl::Status CannotMake(const std::string& folder) {
  return absl::ErrnoToStatus(errno, absl::StrCat("file: cannot make the folder ", folder));
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
  return CannotMake(folder);
}

absl::Status CheckStoreFolder(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (folder.empty() || access(folder.c_str(), F_OK) == 0) return absl::OkStatus();
  const std::filesystem::path parent = folder.parent_path();
  if (access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return CannotMake(folder);
}

}  // namespace gateway

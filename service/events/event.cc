#include "service/events/event.h"

#include <openssl/sha.h>

#include "absl/strings/str_cat.h"
#include "service/ledger/frame.h"

namespace gateway::events {
namespace {

std::string Sha256(absl::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

// The prefix differs from the ledger's: so a reply that was copied from the ledger into the log
// cannot be opened as a body.
std::string IdentityOf(const Key& key) { return absl::StrCat("event body ", key.event, key.body); }

}  // namespace

Key KeyOf(const Event& event) {
  Key key;
  key.body = Sha256(event.body);
  const Head& head = event.head;
  key.event = head.id.empty() ? Sha256(ledger::Frame({"body", head.provider, head.name, key.body}))
                              : Sha256(ledger::Frame({"id", head.provider, head.name, head.id}));
  return key;
}

Key HintKeyOf(const Event& event) {
  Key key;
  key.body = Sha256(event.body);
  key.event = Sha256(ledger::Frame({"hint", event.head.provider, event.head.name, key.body}));
  return key;
}

bool IsHint(const Head& head, const Key& key) {
  return key.event == Sha256(ledger::Frame({"hint", head.provider, head.name, key.body}));
}

std::string FactOf(absl::string_view provider, absl::string_view type, absl::string_view id) {
  return id.empty() ? "" : Sha256(ledger::Frame({"fact", provider, type, id}));
}

absl::StatusOr<std::string> SealBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view body) {
  return cipher.Seal(body, IdentityOf(key));
}

absl::StatusOr<std::string> OpenBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view sealed) {
  return cipher.Open(sealed, IdentityOf(key));
}

}  // namespace gateway::events

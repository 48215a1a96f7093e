// All attacks: the main of the programs that commit them.
#include "absl/strings/string_view.h"
#include "tests/report/report.h"

namespace {

constexpr absl::string_view kAttacks[] = {
    "",
    "plain text to the TLS port",
    "no certificate",
    "certificate of another authority",
    "expired certificate",
    "certificate that is not valid yet",
    "certificate with another name",
    "name in the common name alone",
    "two SPIFFE IDs, one of them allowed",
    "SPIFFE ID as a DNS name",
    "downgrade to TLS 1.1",
    "revoked by the policy while connected",
    "plain text on a public address, unasked",
    "billing calls on the health port",
    "200 connections that say nothing",
    "reflection against the policy",
    "channelz against the policy",
    "token with alg: none",
    "token signed with the public key as a secret",
    "token signed by a stranger under our kid",
    "token that brings its own key",
    "token with changed claims",
    "expired token",
    "token that is not valid yet",
    "token of another issuer",
    "token for another audience",
    "token without expiry",
    "two tokens, one of them good",
    "bad token beside a good certificate",
    "read-only caller writes",
    "caller asks for another's store",
    "store named twice in one request",
    "store hidden in a path",
    "refund by one who may not",
    "path values: dots, slashes, escapes",
    "CR, LF and NUL in every text of a request",
    "headers of the caller to the upstream",
    "idempotency key as a second header",
    "a request that is too large",
    "a compressed request of 256 MB",
    "a million small metadata keys",
    "10,000 levels of nesting in a request",
    "bytes that are no message",
    "redirect to another host",
    "headers smuggled in by the upstream",
    "a compressed reply of a gigabyte",
    "100,000 levels of nesting in a reply",
    "upstream quotes our key",
    "endless headers from the upstream",
    "key's file readable by everybody",
    "key in a malformed configuration",
    "forged webhook",
    "2,000 connections",
    "pings without end, on the health port",
    "rapid reset, on the health port",
    "handshake of a byte at a time",
    "caller's own key where none is accepted",
    "token with padding where there is none",
    "secrets, by a caller who may `read`",
};

}  // namespace

int main(int argc, char** argv) {
  return gateway::report::Run({.word = "Attack", .rows = kAttacks}, argc, argv);
}

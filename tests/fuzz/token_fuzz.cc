// Fuzzes a caller's token and the key set: no token without a genuine signature is accepted.
#include <cstddef>
#include <cstdint>

#include "service/authorization/key_set.h"
#include "tests/fuzz/support.h"

namespace gateway::fuzz {
namespace {

// An RSA key and a P-256 key from RFC 7517, A.1. The private keys are not used here.
constexpr char kKeySet[] = R"({"keys": [
  {"kty": "EC", "crv": "P-256", "kid": "1", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
   "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
  {"kty": "RSA", "kid": "2", "e": "AQAB",
   "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}]})";

void Try(absl::string_view text) {
  static const auto* const keys =
      new authorization::KeySet(authorization::KeySet::Parse(kKeySet).value());
  Require(!keys->Verify(text).ok(), "a forged token is refused");
  const auto other = authorization::KeySet::Parse(text);
  Require(other.ok() || absl::IsInvalidArgument(other.status()),
          "a bad key set is an invalid argument");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}

// A webhook of PayNow as an HTTP/1.1 request, signed with the current time.
//
// Thread-safety: pure functions, but for the clock.
#ifndef TESTS_SERVICE_DELIVERY_H_
#define TESTS_SERVICE_DELIVERY_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway {

inline std::string DeliveryOf(const std::string& body, const std::string& secret,
                              const std::string& path = "/webhooks/paynow",
                              absl::Time time = absl::Now()) {
  const std::string timestamp = absl::StrCat(absl::ToUnixMillis(time));
  const std::string signature =
      webhooks::Base64Text(webhooks::Hmac(secret, absl::StrCat(timestamp, ".", body)));
  return absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                      "PayNow-Timestamp: ", timestamp, "\r\nPayNow-Signature: ", signature,
                      "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

}  // namespace gateway

#endif  // TESTS_SERVICE_DELIVERY_H_

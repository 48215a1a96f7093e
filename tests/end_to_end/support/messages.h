// Requests written in protobuf's text format, for tests that show each field.
#ifndef TESTS_END_TO_END_SUPPORT_MESSAGES_H_
#define TESTS_END_TO_END_SUPPORT_MESSAGES_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/rpc.h"

namespace gateway::end_to_end {

// Returns the bytes of a message of PayNow's package (kPackage), even if required fields are
// missing.
inline std::string Bytes(const std::string& type, const std::string& text) {
  const std::unique_ptr<Message> message = NewMessage(TypeNamed(absl::StrCat(kPackage, type)));
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
  return message->SerializeAsString();
}

// Returns "/paynow.management.v1.OrdersService/GetOrders", for example.
inline std::string Method(absl::string_view service, absl::string_view rpc) {
  return absl::StrCat("/", kPackage, service, "/", rpc);
}

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_MESSAGES_H_

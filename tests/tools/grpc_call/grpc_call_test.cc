// The command-line client against the real gateway and its real reflection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/service/child_process.h"
#include "tests/service/local_stack.h"

namespace gateway {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kCoupons[] = "paynow.management.v1.CouponsService";
constexpr char kGetOrder[] = "paynow.management.v1.OrdersService/GetOrderById";
constexpr char kGetCustomer[] = "paynow.management.v1.CustomersService/GetCustomerById";
constexpr char kAda[] = "411486491630370817";

class GrpcCallTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { stack_ = new LocalStack(BUILD_DIR); }
  static void TearDownTestSuite() { delete stack_; }

  static const std::string& address() { return stack_->address(); }

  static Ended Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), BUILD_DIR "/grpc-call");
    return RunProgram(std::move(arguments));
  }

  static std::vector<std::string> Lines(const std::string& text) {
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }

  static LocalStack* stack_;
};

LocalStack* GrpcCallTest::stack_ = nullptr;

TEST_F(GrpcCallTest, ListsServices) {
  const Ended ended = Run({"-plaintext", address(), "list"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(Lines(ended.out), AllOf(Contains("grpc.health.v1.Health"), Contains(kCoupons),
                                      Contains("paynow.management.v1.OrdersService")));
}

TEST_F(GrpcCallTest, ListsMethodsAsDeclared) {
  const Ended ended = Run({"-plaintext", address(), "list", kCoupons});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(Lines(ended.out),
              ElementsAre("paynow.management.v1.CouponsService.CreateCouponForStore",
                          "paynow.management.v1.CouponsService.GetCouponsForStore",
                          "paynow.management.v1.CouponsService.StreamCouponsForStore",
                          "paynow.management.v1.CouponsService.GetCouponByIdForStore",
                          "paynow.management.v1.CouponsService.UpdateCouponForStore",
                          "paynow.management.v1.CouponsService.DeleteCouponForStore"));
}

TEST_F(GrpcCallTest, DescribesEveryKindOfSymbol) {
  const struct {
    const char* symbol;
    const char* start;
    const char* part;
  } kRows[] = {
      {kCoupons, "paynow.management.v1.CouponsService is a service:\nservice CouponsService {",
       R"(post: "/v1/stores/{store_id}/coupons")"},
      {"paynow.management.v1.CouponsService.DeleteCouponForStore",
       "paynow.management.v1.CouponsService.DeleteCouponForStore is a method:\nrpc ",
       "idempotency_level = IDEMPOTENT"},
      {"paynow.management.v1.CouponDto",
       "paynow.management.v1.CouponDto is a message:\nmessage CouponDto {",
       "(.gateway.v1.field) = {"},
      {"paynow.management.v1.OrderStatus",
       "paynow.management.v1.OrderStatus is an enum:\nenum OrderStatus {",
       "ORDER_STATUS_COMPLETED"},
  };
  for (const auto& row : kRows) {
    const Ended ended = Run({"-plaintext", address(), "describe", row.symbol});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.out, AllOf(StartsWith(row.start), HasSubstr(row.part)));
  }
}

TEST_F(GrpcCallTest, CallsInEitherSpelling) {
  const std::string request = absl::StrCat(R"({"customer_id": ")", kAda, R"("})");
  for (const std::string& method :
       {std::string(kGetCustomer), absl::StrReplaceAll(kGetCustomer, {{"/", "."}})}) {
    const Ended ended = Run({"-plaintext", "-d", request, address(), method});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(nlohmann::json::parse(ended.out)["id"], kAda);
  }
}

TEST_F(GrpcCallTest, ShowsTheWholeErrorAndItsCode) {
  const Ended ended = Run({"-plaintext", "-d", R"({"order_id": "1"})", address(), kGetOrder});
  EXPECT_EQ(ended.exit_code, 64 + 5);
  EXPECT_THAT(ended.out, IsEmpty());
  ASSERT_THAT(ended.err, StartsWith("ERROR\n{"));
  const auto error = nlohmann::json::parse(ended.err.substr(6));
  EXPECT_EQ(error["code"], 5);
  EXPECT_EQ(error["details"][0]["metadata"]["outcome"], "refused");
}

TEST_F(GrpcCallTest, SaysWhatCannotBeSent) {
  const struct {
    std::vector<std::string> arguments;
    int exit_code;
    const char* error;
  } kRows[] = {
      {{address(), "no.Service/Method"}, 64 + 5, "Symbol not found"},
      {{address(), "list", "no.Service"}, 64 + 5, "Symbol not found"},
      {{address(), "list", "paynow.management.v1.CouponDto"}, 64 + 5, "is not a service"},
      {{address(), kCoupons}, 64 + 5, "is not a method"},
      {{"-d", "{", address(), kGetOrder}, 2, "request: "},
      {{"-d", R"({"nonsense": 1})", address(), kGetOrder}, 2, "nonsense"},
      {{"127.0.0.1:1", "list"}, 64 + 14, "Connection refused"},
  };
  for (const auto& row : kRows) {
    const Ended ended = Run(row.arguments);
    EXPECT_EQ(ended.exit_code, row.exit_code) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(row.error));
    EXPECT_THAT(ended.out, IsEmpty());
  }
}

TEST_F(GrpcCallTest, SaysHowItIsUsed) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"-plaintext"},
                                             {"h:1"},
                                             {"h:1", "describe"},
                                             {"h:1", "a/B", "more"},
                                             {"-d"},
                                             {"--nonsense", "h:1", "list"},
                                             {"h:1", "list", "a", "b"}}) {
    const Ended ended = Run(arguments);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, StartsWith("Usage: grpc-call"));
  }
}

}  // namespace
}  // namespace gateway

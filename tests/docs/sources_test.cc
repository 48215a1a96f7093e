// docs/sources.md names, for every rule of the documents, a place in the protos that states it, and
// it covers everything that PayNow's document describes.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tools/apigen/committed/proto_pool.h"

namespace gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::SourceLocation;
using nlohmann::json;

const std::string kSource = SOURCE_DIR;

// The path of the `syntax` statement in SourceCodeInfo. The comment of a file is attached to it.
constexpr int kSyntax = 12;

std::string Read(const std::string& path) {
  std::ifstream stream(kSource + path);
  EXPECT_TRUE(stream.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// A named element of the protos.
struct Element {
  std::string comment;
  const FieldDescriptor* field = nullptr;
  const MethodDescriptor* method = nullptr;
  const EnumDescriptor* enumeration = nullptr;
};

// Everything that one package declares, by its name within the package: "OrderDto.price",
// "CheckoutService.CreateCheckoutSession", "provider.proto".
class Elements {
 public:
  Elements(apigen::ProtoPool& pool, const std::string& package) {
    const std::string folder = absl::StrReplaceAll(package, {{".", "/"}});
    for (const auto& entry :
         std::filesystem::directory_iterator(absl::StrCat(kSource, "/proto/", folder))) {
      if (entry.path().extension() != ".proto") continue;
      const std::string name = entry.path().filename();
      const FileDescriptor* file = pool.Find(absl::StrCat(folder, "/", name));
      EXPECT_NE(file, nullptr) << pool.error();
      if (file != nullptr) AddFile(name, *file);
    }
  }

  const Element* Find(const std::string& name) const {
    const auto found = elements_.find(name);
    return found == elements_.end() ? nullptr : &found->second;
  }

 private:
  template <typename Any>
  static std::string CommentOf(const Any& descriptor) {
    SourceLocation location;
    if (!descriptor.GetSourceLocation(&location)) return "";
    return location.leading_comments + location.trailing_comments;
  }

  void AddFile(const std::string& name, const FileDescriptor& file) {
    SourceLocation location;
    file.GetSourceLocation({kSyntax}, &location);
    elements_[name].comment = location.leading_comments;
    for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) {
      Element& element = elements_[file.enum_type(i)->name()];
      element.comment = CommentOf(*file.enum_type(i));
      element.enumeration = file.enum_type(i);
    }
    for (int i = 0; i < file.service_count(); ++i) {
      for (int m = 0; m < file.service(i)->method_count(); ++m) {
        const MethodDescriptor& method = *file.service(i)->method(m);
        Element& element = elements_[absl::StrCat(file.service(i)->name(), ".", method.name())];
        element.comment = CommentOf(method);
        element.method = &method;
      }
    }
  }

  void AddMessage(const Descriptor& message) {
    elements_[message.name()].comment = CommentOf(message);
    for (int i = 0; i < message.field_count(); ++i) {
      Element& element = elements_[absl::StrCat(message.name(), ".", message.field(i)->name())];
      element.comment = CommentOf(*message.field(i));
      element.field = message.field(i);
    }
  }

  std::map<std::string, Element> elements_;
};

bool Holds(const Element& element, const std::string& what) {
  if (what.empty()) return !element.comment.empty();
  if (what == "enum")
    return element.enumeration != nullptr && element.enumeration->value_count() > 1;
  if (what == "http") {
    return element.method != nullptr && element.method->options().HasExtension(google::api::http);
  }
  if (element.field == nullptr) return false;
  const v1::FieldRules& rules = element.field->options().GetExtension(v1::field);
  if (what == "type") return true;
  if (what == "required") return rules.required();
  if (what == "format") return rules.format() != v1::FORMAT_UNSPECIFIED;
  if (what == "empty_is_unset") return rules.empty_is_unset();
  if (what == "bounds") {
    return (rules.has_minimum() && rules.has_maximum()) ||
           (rules.has_min_seconds_ahead() && rules.has_max_seconds_ahead());
  }
  return false;
}

struct Row {
  std::string package;
  std::vector<std::string> cells;
};

// Returns the rows with this many columns of all tables below a "## D1, ..." heading.
std::vector<Row> Rows(size_t columns) {
  static const std::map<std::string, std::string> kPackages = {{"## D0", "paynow.management.v1"},
                                                               {"## D1", "paymentkit.v1"},
                                                               {"## D2", "convergegate.v1"},
                                                               {"## D4", "qashier.v1"}};
  std::vector<Row> rows;
  std::string package;
  bool in_body = false;
  const std::vector<std::string> lines = absl::StrSplit(Read("/docs/sources.md"), '\n');
  for (const std::string& line : lines) {
    if (absl::StartsWith(line, "## ")) {
      const auto found = kPackages.find(line.substr(0, 5));
      package = found == kPackages.end() ? "" : found->second;
    }
    if (!absl::StartsWith(line, "| ")) in_body = false;
    if (in_body && !package.empty()) {
      std::vector<std::string> cells =
          absl::StrSplit(absl::StripSuffix(absl::StripPrefix(line, "| "), " |"), " | ");
      if (cells.size() == columns) rows.push_back({package, std::move(cells)});
    }
    if (absl::StartsWith(line, "| ---")) in_body = true;
  }
  return rows;
}

// Returns the names in `code spans`.
std::vector<std::string> Names(absl::string_view cell) {
  std::vector<std::string> names;
  const std::vector<std::string> parts = absl::StrSplit(cell, '`');
  for (size_t i = 1; i < parts.size(); i += 2) names.push_back(parts[i]);
  return names;
}

std::string OneLine(const std::string& comment) {
  const std::vector<std::string> words =
      absl::StrSplit(comment, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  return absl::StrJoin(words, " ");
}

class SourcesTest : public testing::Test {
 protected:
  const Elements& In(const std::string& package) {
    auto& slot = elements_[package];
    if (slot == nullptr) slot = std::make_unique<Elements>(pool_, package);
    return *slot;
  }

  // Checks a place such as "`OrderDto.price`: required" or "file `provider.proto`".
  void ExpectHeld(const std::string& package, const std::string& place, const std::string& rule) {
    const std::vector<std::string> names = Names(place);
    ASSERT_EQ(names.size(), 1u) << place;
    const Element* element = In(package).Find(names[0]);
    ASSERT_NE(element, nullptr) << package << " has no " << names[0];
    const size_t colon = place.find("`: ");
    const std::string what = colon == std::string::npos ? "" : place.substr(colon + 3);
    EXPECT_TRUE(Holds(*element, what)) << rule << " is not said by " << place;
    ++places_;
  }

  apigen::ProtoPool pool_{kSource + "/proto", {GOOGLE_PROTOS}, {}};
  std::map<std::string, std::unique_ptr<Elements>> elements_;
  int places_ = 0;
};

TEST_F(SourcesTest, EveryRuleHasAPlaceThatSaysIt) {
  int rules = 0;
  int without = 0;
  for (const Row& row : Rows(2)) {
    ++rules;
    if (absl::StartsWith(row.cells[1], "none: ")) {
      EXPECT_GT(row.cells[1].size(), 15u) << row.cells[0];
      ++without;
      continue;
    }
    const std::vector<std::string> places = absl::StrSplit(row.cells[1], ", ");
    for (const std::string& place : places) {
      ExpectHeld(row.package, place, row.cells[0]);
    }
  }
  std::cout << "rules: " << rules << ", places: " << places_ << ", without a place: " << without
            << "\n";
  EXPECT_GT(rules, 80);
  EXPECT_GT(places_, rules);
}

TEST_F(SourcesTest, EverythingThatPaynowDescribesHasAPlace) {
  const Elements& elements = In("paynow.management.v1");
  std::map<std::string, std::set<std::string>> listed;
  int in_comments = 0;
  for (const Row& row : Rows(4)) {
    ASSERT_EQ(Names(row.cells[0]).size(), 1u) << row.cells[0];
    const std::string schema = Names(row.cells[0])[0];
    for (size_t column = 1; column < 4; ++column) {
      for (const std::string& member : Names(row.cells[column])) {
        const bool itself = member == "(itself)";
        const std::string name = itself ? schema : absl::StrCat(schema, ".", member);
        EXPECT_TRUE(listed[schema].insert(itself ? "" : member).second)
            << name << " is there twice";
        const Element* element = elements.Find(column == 2 ? schema : name);
        ASSERT_NE(element, nullptr) << name;
        if (column == 3) {
          EXPECT_EQ(element->comment, "") << name << " has more to say than its name";
        } else {
          EXPECT_NE(element->comment, "") << name;
          ++in_comments;
        }
      }
    }
  }
  size_t described = 0;
  const json all = json::parse(Read("/tests/docs/described.json"));
  for (const auto& [schema, members] : all.items()) {
    // These are text formats and have no message.
    if (schema == "Period" || schema == "SteamId") continue;
    described += members.size();
    EXPECT_EQ(listed[schema], members.get<std::set<std::string>>()) << schema;
    listed.erase(schema);
  }
  EXPECT_TRUE(listed.empty()) << listed.begin()->first << " is not described";
  std::cout << "descriptions: " << described << ", said by comments: " << in_comments << "\n";
  EXPECT_GT(described, 850u);
}

// Comments that were once wrong, or claimed more than is documented, and what they must say now.
TEST_F(SourcesTest, CommentsThatWereWrongSayWhatIsDocumented) {
  const struct {
    const char* package;
    const char* name;
    const char* words;
  } kRows[] = {
      {"paynow.management.v1", "ProductCommandDto.override_execute_on_gameserver_ids",
       "all game servers, or the selected one"},
      {"paynow.management.v1", "CreateCheckoutSessionManagementDto.auto_redirect",
       "`return_url` must be set"},
      {"paynow.management.v1", "ProductUpsellConfigurationDto.enabled",
       "never recommended, whatever the store-wide configuration says"},
      {"paynow.management.v1", "CreateCheckoutSessionLineManagementDto.custom_variables",
       "Required if the product has custom variables, and only then"},
      {"paynow.management.v1", "CreateCheckoutSessionLineDto.custom_variables",
       "Required if the product has custom variables, and only then"},
      {"paynow.management.v1", "OrderLineDto.price", "price of one unit"},
      {"paynow.management.v1", "OrderLineDto.discount_amount",
       "sales, coupons and affiliate links"},
      {"paynow.management.v1", "CreateCheckoutSessionManagementDto.return_url",
       "after a successful checkout"},
      {"paymentkit.v1", "CheckoutSessionCreate.return_url", "after canceling"},
      {"paynow.management.v1", "RefundDto.store_refund_amount", "that the store pays"},
      {"paynow.management.v1", "UpdateCouponDto", "is an inference"},
      {"paynow.management.v1", "UpdateSaleDto", "is an inference"},
      {"paynow.management.v1", "UpdateGiftCardDto", "is an inference"},
      {"paynow.management.v1", "UpdateNavLinkDto", "is an inference"},
      {"paynow.management.v1", "CouponDurationEnum", "How long a coupon stays valid."},
      {"paynow.management.v1", "PaymentMethodDetailsDto", "is an assumption"},
      {"paynow.management.v1", "UpsertGlobalCommandDto", "contradict themselves"},
      {"convergegate.v1", "CheckoutSessionCreate.payment_method", "is not documented"},
      {"gateway.webhooks.v1", "webhooks.proto", "Qashier: nothing"},
  };
  for (const auto& row : kRows) {
    const Element* element = In(row.package).Find(row.name);
    ASSERT_NE(element, nullptr) << row.name;
    EXPECT_TRUE(absl::StrContains(OneLine(element->comment), row.words))
        << row.name << ": " << element->comment;
  }
  for (const char* const who : {"AbandonedCheckout", "PurchaseFollowUp"}) {
    for (const char* const form : {"StoreConfigurationDto", "StoreConfigurationUpdateDto"}) {
      for (const char* const limit :
           {"max_coupons_per_customer_amount", "max_coupons_global_amount"}) {
        const std::string name = absl::StrCat(who, form, ".", limit);
        const Element* element = In("paynow.management.v1").Find(name);
        ASSERT_NE(element, nullptr) << name;
        const std::string comment = OneLine(element->comment);
        EXPECT_TRUE(absl::StartsWith(comment, "How many coupons")) << name;
        EXPECT_TRUE(absl::StrContains(comment, "no e-mail is sent")) << name;
      }
    }
  }
}

}  // namespace
}  // namespace gateway

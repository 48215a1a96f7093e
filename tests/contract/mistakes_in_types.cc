#include "gateway/v1/annotations.pb.h"
#include "tests/contract/mistakes.h"

namespace gateway::contract {
namespace {

using Field = EditableProtos::Field;
using Protos = EditableProtos;

constexpr char kOrder[] = "schema OrderDto";
constexpr char kStatus[] = "schema OrderStatus";

}  // namespace

std::vector<Mistake> MistakesInTypes() {
  return {
      {"FieldRenamed", [](Protos& p) { p.field("OrderDto.currency").set_name("money"); }, kOrder,
       "currency.type"},
      {"FieldMissing",
       [](Protos& p) {
         auto& order = p.message("OrderDto");
         RemoveField(order, IndexOf(order, "currency"));
       },
       kOrder, "currency.type"},
      {"FieldMore", [](Protos& p) { AddField(p.message("OrderDto"), "color", Field::TYPE_STRING); },
       kOrder, "color.type"},
      {"FieldRenamedButForTheWire",
       [](Protos& p) {
         p.field("OrderDto.currency").set_name("money");
         RulesOf(p.field("OrderDto.money")).set_wire_name("currency");
       },
       kOrder, "currency.field"},
      {"FieldOfAnotherType",
       [](Protos& p) { p.field("OrderDto.is_subscription").set_type(Field::TYPE_STRING); }, kOrder,
       "is_subscription.type"},
      {"FieldOfATypeThatJsonLacks",
       [](Protos& p) { p.field("OrderDto.currency").set_type(Field::TYPE_BYTES); }, kOrder,
       "currency.type"},
      {"FieldTooNarrow",
       [](Protos& p) { p.field("OrderCouponUsageDto.usage_amount").set_type(Field::TYPE_INT32); },
       "schema OrderCouponUsageDto", "usage_amount.type"},
      {"FieldTooWide", [](Protos& p) { RulesOf(p.field("OrderDto.total_amount")).clear_format(); },
       kOrder, "total_amount.type"},
      {"FieldOfAnotherFormat",
       [](Protos& p) { RulesOf(p.field("OrderDto.id")).set_format(v1::STEAM_ID); }, kOrder,
       "id.type"},
      {"FieldOfAFormatThatDoesNotFit",
       [](Protos& p) { RulesOf(p.field("OrderDto.is_subscription")).set_format(v1::FLAKE_ID); },
       kOrder, "is_subscription.type"},
      {"FieldOfAnotherMessage",
       [](Protos& p) {
         p.field("OrderDto.customer").set_type_name(".paynow.management.v1.RefundDto");
       },
       kOrder, "customer.type"},
      {"FieldOfAnotherEnum",
       [](Protos& p) {
         p.field("OrderDto.status").set_type_name(".paynow.management.v1.OrderType");
       },
       kOrder, "status.type"},
      {"FieldWithoutOptional",
       [](Protos& p) {
         auto& order = p.message("OrderDto");
         DropOptional(order, IndexOf(order, "currency"));
       },
       kOrder, "currency.without presence"},
      {"FieldInAOneof", [](Protos& p) { p.field("OrderDto.id").clear_proto3_optional(); }, kOrder,
       "id.oneof"},
      {"FieldNotRepeated",
       [](Protos& p) { p.field("OrderDto.lines").set_label(Field::LABEL_OPTIONAL); }, kOrder,
       "lines.type"},
      {"FieldNotRequired", [](Protos& p) { RulesOf(p.field("OrderDto.id")).clear_required(); },
       kOrder, "id.required"},
      {"FieldNullable", [](Protos& p) { RulesOf(p.field("OrderDto.id")).set_nullable(true); },
       kOrder, "id.nullable"},
      {"FieldDeprecated",
       [](Protos& p) { p.field("OrderDto.id").mutable_options()->set_deprecated(true); }, kOrder,
       "id.deprecated"},
      {"FieldLocal", [](Protos& p) { RulesOf(p.field("OrderDto.id")).set_local(true); }, kOrder,
       "id.local"},
      {"FieldLocalNoMore",
       [](Protos& p) {
         RulesOf(p.field("CreateCheckoutSessionManagementDto.subscription")).clear_local();
       },
       "schema CreateCheckoutSessionManagementDto", "subscription.local"},
      {"MapOfAnotherType",
       [](Protos& p) {
         auto& value = *p.message("OrderLineDto").mutable_nested_type(0)->mutable_field(1);
         value.clear_type_name();
         value.set_type(Field::TYPE_STRING);
       },
       "schema OrderLineDto", "custom_variables.type"},
      {"MapWithAnotherKey",
       [](Protos& p) {
         p.message("OrderLineDto")
             .mutable_nested_type(0)
             ->mutable_field(0)
             ->set_type(Field::TYPE_INT32);
       },
       "schema OrderLineDto", "custom_variables.type"},
      {"EnumText",
       [](Protos& p) {
         p.enumeration("OrderStatus")
             .mutable_value(1)
             ->mutable_options()
             ->MutableExtension(v1::value)
             ->set_text("Created");
       },
       kStatus, "value created"},
      {"EnumTextNotAnnotated",
       [](Protos& p) { p.enumeration("WebhookEventType").mutable_value(2)->clear_options(); },
       "schema WebhookEventType", "value OnOrderCompleted"},
      {"EnumValueRenamed",
       [](Protos& p) {
         p.enumeration("OrderStatus").mutable_value(1)->set_name("ORDER_STATUS_NEW");
       },
       kStatus, "value created"},
      {"EnumValueWithoutPrefix",
       [](Protos& p) { p.enumeration("OrderStatus").mutable_value(1)->set_name("CREATED"); },
       kStatus, "value created.prefix"},
      {"EnumValueMissing",
       [](Protos& p) { p.enumeration("OrderStatus").mutable_value()->RemoveLast(); }, kStatus,
       "value chargeback"},
      {"EnumValueMore",
       [](Protos& p) {
         auto& value = *p.enumeration("OrderStatus").add_value();
         value.set_name("ORDER_STATUS_PURPLE");
         value.set_number(4711);
       },
       kStatus, "value purple"},
      {"EnumTextTwice",
       [](Protos& p) {
         auto& value = *p.enumeration("OrderStatus").add_value();
         value.set_name("ORDER_STATUS_CREATED_TOO");
         value.set_number(4711);
         value.mutable_options()->MutableExtension(v1::value)->set_text("created");
       },
       kStatus, "value created"},
      {"EnumZeroWithAMeaning",
       [](Protos& p) {
         p.enumeration("OrderStatus").mutable_value(0)->set_name("ORDER_STATUS_CREATING");
       },
       kStatus, "proper zero"},
      {"MessageRenamed",
       [](Protos& p) {
         p.field("RefundOrderRequest.body").set_type_name(".paynow.management.v1.RefundDto");
         p.message("CreateRefundRequestDto").set_name("MakeRefundRequestDto");
       },
       "schema CreateRefundRequestDto", ""},
      {"MessageMore",
       [](Protos& p) {
         p.file("paynow/management/v1/orders.proto").add_message_type()->set_name("ColorDto");
       },
       "schema ColorDto", ""},
      {"MessageNested",
       [](Protos& p) { p.message("OrderDto").add_nested_type()->set_name("ColorDto"); },
       "schema OrderDto.ColorDto", ""},
      {"MessageOfNoRpcAnyMore",
       [](Protos& p) { p.service("OrdersService").mutable_method()->RemoveLast(); },
       "schema RefundOrderRequest", ""},
      {"EnumMore",
       [](Protos& p) {
         auto& type = *p.file("paynow/management/v1/orders.proto").add_enum_type();
         type.set_name("Color");
         type.add_value()->set_name("COLOR_UNSPECIFIED");
         type.mutable_value(0)->set_number(0);
       },
       "schema Color", ""},
      {"FileMissing", [](Protos& p) { p.RemoveFile("paynow/management/v1/bans.proto"); },
       "schema BanDto", ""},
  };
}

}  // namespace gateway::contract

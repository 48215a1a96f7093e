#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tests/contract/mistakes.h"

namespace gateway::contract {
namespace {

using Field = EditableProtos::Field;
using Protos = EditableProtos;

constexpr char kRefund[] = "operation Orders_RefundOrder";
constexpr char kGetOrders[] = "operation Orders_GetOrders";
constexpr char kUpdateCoupon[] = "operation Coupons_UpdateCouponForStore";

}  // namespace

std::vector<Mistake> MistakesInRpcs() {
  return {
      {"Verb",
       [](Protos& p) {
         auto& rule = HttpOf(p.rpc("OrdersService.RefundOrder"));
         rule.set_put(PathOf(rule));
       },
       kRefund, "verb"},
      {"Path",
       [](Protos& p) {
         auto& rule = HttpOf(p.rpc("OrdersService.RefundOrder"));
         SetPath(rule, PathOf(rule) + "s");
       },
       kRefund, "path"},
      {"PathVariablesSwapped",
       [](Protos& p) {
         SetPath(HttpOf(p.rpc("OrdersService.RefundOrder")),
                 "/v1/stores/{order_id}/orders/{store_id}/refund");
       },
       kRefund, "path parameter 1"},
      {"PathVariableWithoutField",
       [](Protos& p) { p.field("RefundOrderRequest.order_id").set_name("order"); }, kRefund,
       "path parameter 2.type"},
      {"PathParameterNotRequired",
       [](Protos& p) { RulesOf(p.field("RefundOrderRequest.order_id")).clear_required(); }, kRefund,
       "path parameter 2.required"},
      {"PathParameterOfAnotherFormat",
       [](Protos& p) { RulesOf(p.field("RefundOrderRequest.order_id")).clear_format(); }, kRefund,
       "path parameter 2.type"},
      {"PathParameterWithAWireName",
       [](Protos& p) { RulesOf(p.field("RefundOrderRequest.order_id")).set_wire_name("orderId"); },
       kRefund, "path parameter 2.wire name"},
      {"NoBody", [](Protos& p) { HttpOf(p.rpc("OrdersService.RefundOrder")).clear_body(); },
       kRefund, "body.type"},
      {"BodyInTheQuery", [](Protos& p) { HttpOf(p.rpc("OrdersService.RefundOrder")).clear_body(); },
       kRefund, "query body.type"},
      {"BodyIsTheWholeRequest",
       [](Protos& p) { HttpOf(p.rpc("OrdersService.RefundOrder")).set_body("*"); }, kRefund,
       "body.type"},
      {"BodyNotRequired",
       [](Protos& p) { RulesOf(p.field("RefundOrderRequest.body")).clear_required(); }, kRefund,
       "body.required"},
      {"BodyOfAnotherType",
       [](Protos& p) {
         p.field("RefundOrderRequest.body").set_type_name(".paynow.management.v1.OrderDto");
       },
       kRefund, "body.type"},
      {"BodyRepeated",
       [](Protos& p) { p.field("RefundOrderRequest.body").set_label(Field::LABEL_REPEATED); },
       kRefund, "body.type"},
      {"BodyOfAReadingCall",
       [](Protos& p) { HttpOf(p.rpc("OrdersService.GetOrders")).set_body("limit"); }, kGetOrders,
       "body.type"},
      {"QueryParameterRenamed",
       [](Protos& p) { p.field("GetOrdersRequest.limit").set_name("count"); }, kGetOrders,
       "query limit.type"},
      {"QueryParameterAsPathSegment",
       [](Protos& p) {
         SetPath(HttpOf(p.rpc("OrdersService.GetOrders")), "/v1/stores/{store_id}/orders/{after}");
       },
       kGetOrders, "query after.type"},
      {"QueryParameterMissing",
       [](Protos& p) {
         auto& request = p.message("GetOrdersRequest");
         RemoveField(request, IndexOf(request, "asc"));
       },
       kGetOrders, "query asc.type"},
      {"QueryParameterMore",
       [](Protos& p) { AddField(p.message("GetOrdersRequest"), "color", Field::TYPE_STRING); },
       kGetOrders, "query color.type"},
      {"QueryParameterNotRepeated",
       [](Protos& p) { p.field("GetOrdersRequest.status").set_label(Field::LABEL_OPTIONAL); },
       kGetOrders, "query status.type"},
      {"QueryParameterWithAnotherBound",
       [](Protos& p) { RulesOf(p.field("GetOrdersRequest.limit")).set_maximum(1000); }, kGetOrders,
       "query limit.maximum"},
      {"QueryParameterRequired",
       [](Protos& p) { RulesOf(p.field("GetOrdersRequest.limit")).set_required(true); }, kGetOrders,
       "query limit.required"},
      {"QueryParameterWithAnotherWireName",
       [](Protos& p) {
         RulesOf(p.field("SetUserToDeliveryItemLinkRequest.discord_user_id"))
             .set_wire_name("discord_user_id");
       },
       "operation Discord_SetUserToDeliveryItemLink", "query discordUserId.type"},
      {"NoUpdateMask",
       [](Protos& p) {
         auto& request = p.message("UpdateCouponForStoreRequest");
         RemoveField(request, IndexOf(request, "update_mask"));
       },
       kUpdateCoupon, "update mask"},
      {"UpdateMaskRenamed",
       [](Protos& p) { p.field("UpdateCouponForStoreRequest.update_mask").set_name("mask"); },
       kUpdateCoupon, "update mask"},
      {"ReplyOfAnotherType",
       [](Protos& p) {
         p.rpc("OrdersService.RefundOrder").set_output_type(".paynow.management.v1.OrderDto");
       },
       kRefund, "reply.type"},
      {"NoReply",
       [](Protos& p) {
         p.file("paynow/management/v1/orders.proto").add_dependency("google/protobuf/empty.proto");
         p.rpc("OrdersService.RefundOrder").set_output_type(".google.protobuf.Empty");
       },
       kRefund, "reply.type"},
      {"ReplyNotUnwrapped",
       [](Protos& p) { HttpOf(p.rpc("OrdersService.GetOrders")).clear_response_body(); },
       kGetOrders, "reply.type"},
      {"ReplyUnwrappedFromNowhere",
       [](Protos& p) { HttpOf(p.rpc("OrdersService.GetOrders")).set_response_body("orders"); },
       kGetOrders, "reply.type"},
      {"ReplyNotRepeated",
       [](Protos& p) { p.field("GetOrdersResponse.items").set_label(Field::LABEL_OPTIONAL); },
       kGetOrders, "reply.type"},
      {"ReplyWithMore",
       [](Protos& p) { AddField(p.message("GetOrdersResponse"), "total", Field::TYPE_INT32); },
       kGetOrders, "reply.further fields"},
      {"ReplyArrayOrObject",
       [](Protos& p) { RulesOf(p.rpc("OrdersService.GetOrders")).set_array_or_object(true); },
       kGetOrders, "reply.type"},
      {"ReplyLocal",
       [](Protos& p) { RulesOf(p.rpc("OrdersService.GetOrders")).set_local_reply(true); },
       kGetOrders, "reply.local"},
      {"WriteFreeOfSideEffects",
       [](Protos& p) {
         p.rpc("OrdersService.RefundOrder")
             .mutable_options()
             ->set_idempotency_level(google::protobuf::MethodOptions::NO_SIDE_EFFECTS);
       },
       kRefund, "free of side effects"},
      {"ReadWithSideEffects",
       [](Protos& p) {
         p.rpc("OrdersService.GetOrders").mutable_options()->clear_idempotency_level();
       },
       kGetOrders, "free of side effects"},
      {"SecondBinding",
       [](Protos& p) {
         HttpOf(p.rpc("OrdersService.RefundOrder")).add_additional_bindings()->set_get("/v1");
       },
       kRefund, "further bindings"},
      {"NoBinding",
       [](Protos& p) {
         p.rpc("OrdersService.RefundOrder").mutable_options()->ClearExtension(google::api::http);
       },
       kRefund, "verb"},
      {"Streaming", [](Protos& p) { p.rpc("OrdersService.GetOrders").set_server_streaming(true); },
       kGetOrders, "streaming"},
      {"DeprecatedRpc",
       [](Protos& p) { p.rpc("OrdersService.GetOrders").mutable_options()->set_deprecated(true); },
       kGetOrders, "deprecated"},
      {"RpcRenamed", [](Protos& p) { p.rpc("OrdersService.RefundOrder").set_name("Refund"); },
       kRefund, ""},
      {"RpcMissing", [](Protos& p) { p.service("OrdersService").mutable_method()->RemoveLast(); },
       kRefund, ""},
      {"RpcMore",
       [](Protos& p) {
         auto& orders = p.service("OrdersService");
         Protos::Rpc copy = p.rpc("OrdersService.GetOrders");
         *orders.add_method() = copy;
         orders.mutable_method()->rbegin()->set_name("ListOrders");
       },
       "operation Orders_ListOrders", ""},
      {"ServiceRenamed", [](Protos& p) { p.service("OrdersService").set_name("OrderService"); },
       kRefund, ""},
  };
}

}  // namespace gateway::contract

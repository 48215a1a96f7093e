// One RPC and the REST operation behind it, compiled from descriptors at start. A route holds
// everything that a call needs to know of its operation; nothing is looked up or parsed per call.
//
// An RPC becomes a route if it has a google.api.http rule, and if a file of its package has a
// gateway.v1.provider option.
//
//   field of the request message        travels as
//   named in the path template          a path segment
//   named by `body`                     the body: JSON, or a form if the provider's encoding is
//                                       FORM; for a GET, which needs FORM, query parameters
//   of type google.protobuf.FieldMask   nothing: it says which members of the body are sent
//   the tenant, if not in the path      nothing: it selects the API key
//   any other                           a query parameter; an object becomes several, named as the
//                                       provider's key style says
//
// The reply message has the members of the JSON reply as its fields. If `response_body` names a
// field, that field takes the whole JSON reply instead.
//
// Thread-safety: immutable after Compile. Lifetime: handlers keep `const Route*`; the table must
// outlive them.
#ifndef UPSTREAM_MAPPING_ROUTE_H_
#define UPSTREAM_MAPPING_ROUTE_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/v1/annotations.pb.h"
#include "upstream/http/message.h"
#include "upstream/mapping/access.h"
#include "upstream/mapping/once/once.h"
#include "upstream/mapping/paged_list.h"
#include "upstream/mapping/path_template.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/profile.h"

namespace gateway::mapping {

enum class Place : uint8_t { kPath, kQuery, kBody, kMask, kNowhere };

// How the message that `body` names is written.
enum class BodyForm : uint8_t { kJson, kForm, kQuery };

// How the JSON of a successful reply becomes the reply message.
enum class ReplyShape : uint8_t {
  kNone,           // google.protobuf.Empty: the body must only not be an error or a page
  kMessage,        // the object is the message
  kField,          // the whole JSON goes into Route::reply_field
  kArrayOrObject,  // as kField, into a repeated field; an object counts as a list of one
};

struct Route {
  std::string full_name;  // "paynow.management.v1.CouponsService.CreateCoupon"
  std::string rpc_path;   // "/paynow.management.v1.CouponsService/CreateCoupon"
  std::string service;    // "paynow.management.v1.CouponsService"
  // With the configuration's overrides applied.
  const v1::Provider* provider = nullptr;

  http::Method method = http::Method::kGet;
  Access access = Access::kWrite;  // a read has NO_SIDE_EFFECTS
  // For this operation, the upstream heeds the provider's idempotency key.
  bool idempotency_key = false;
  // The rules that the ledger needs for a write; empty for a read.
  Once once;
  // The request or the reply has a field for a credential.
  bool credential = false;

  struct PathPart {
    std::string literal;
    const FieldPlan* field = nullptr;
  };
  std::vector<PathPart> path;

  const MessagePlan* request = nullptr;
  std::vector<Place> places;        // of request->fields, by FieldPlan::index
  const FieldPlan* body = nullptr;  // null: the request has no body
  BodyForm body_form = BodyForm::kJson;
  const FieldPlan* mask = nullptr;
  const FieldPlan* tenant = nullptr;

  ReplyShape reply_shape = ReplyShape::kNone;
  const MessagePlan* reply = nullptr;
  const FieldPlan* reply_field = nullptr;
  // A successful reply may be empty (MethodRules.reply_may_be_empty).
  bool reply_may_be_empty = false;
  // Fields of the reply whose names no error body of the provider uses: a body with one of them can
  // be the reply (see reply_floor.h). If error bodies use all names, the set has all fields.
  FieldSet telling;

  // An empty request, used to parse the rare requests that are not in canonical order.
  const google::protobuf::Message* request_prototype = nullptr;
};

class RouteTable {
 public:
  // INVALID_ARGUMENT names the method, the field and the reason; it is also returned if an override
  // names an RPC or a field that does not exist. Services without google.api.http rules are
  // skipped. The caller must check that each override's provider exists.
  static absl::StatusOr<std::unique_ptr<const RouteTable>> Compile(
      const std::vector<const google::protobuf::FileDescriptor*>& files,
      const Overrides& overrides = {});

  // Sorted by service, then in the order of declaration.
  const std::vector<Route>& routes() const { return routes_; }

  // The RPCs with the option `pages`. Each page of such a list is a call of a route.
  const std::vector<PagedList>& lists() const { return lists_; }

 private:
  explicit RouteTable(WireNames wire_names) : plans_(std::move(wire_names)) {}

  Plans plans_;
  std::deque<v1::Provider> providers_;
  google::protobuf::DynamicMessageFactory messages_;
  std::vector<Route> routes_;
  std::vector<PagedList> lists_;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ROUTE_H_

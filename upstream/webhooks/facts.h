// The facts that events report and that the provider's API shows too (gateway.signing.v1.Fact).
// Compiled once at start: which list RPC shows a fact, and which fields of the list's items hold
// its parts.
//
//   absl::StatusOr<Facts> facts = Facts::Compile(schemes, routes);
//   for (const Fact& fact : facts->Of("paynow")) ... read fact.list page by page ...
//   const std::optional<ShownItem> shown = ReadItem(fact, item.bytes);
//
// Thread-safety: immutable; ReadItem is a pure function. Lifetime: the routes outlive the facts.
#ifndef UPSTREAM_WEBHOOKS_FACTS_H_
#define UPSTREAM_WEBHOOKS_FACTS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/route.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {

struct Fact {
  std::string type;  // the first type of the events that report the fact: "ON_ORDER_COMPLETED"
  const mapping::PagedList* list = nullptr;

  const google::protobuf::Message* item = nullptr;          // an empty item
  const google::protobuf::FieldDescriptor* find = nullptr;  // the objects; null: the item itself
  const google::protobuf::FieldDescriptor* object_id = nullptr;
  const google::protobuf::FieldDescriptor* happened_at = nullptr;
  const google::protobuf::FieldDescriptor* made_at = nullptr;
  const google::protobuf::FieldDescriptor* resource = nullptr;
};

class Facts {
 public:
  // No facts of any provider.
  Facts() = default;

  // INVALID_ARGUMENT names provider, fact and what does not fit.
  static absl::StatusOr<Facts> Compile(const Schemes& schemes, const mapping::RouteTable& routes);

  // Empty for a provider whose scheme has none.
  const std::vector<Fact>& Of(const std::string& provider) const;
  // The types of events whose facts cannot be looked up, because the protos do not have the list
  // RPC.
  const std::vector<std::string>& NotListed(const std::string& provider) const;

 private:
  std::unique_ptr<google::protobuf::DynamicMessageFactory> messages_;
  std::map<std::string, std::vector<Fact>> by_provider_;
  std::map<std::string, std::vector<std::string>> not_listed_;
};

// An object of which the fact is true.
struct ShownObject {
  std::string id;
  absl::Time happened;
  std::string object;  // a serialized google.protobuf.Any, without the fields that hold credentials
};

struct ShownItem {
  std::optional<absl::Time> made;
  std::string resource;
  std::vector<ShownObject> objects;
};

// Returns nullopt for bytes that are no such item.
std::optional<ShownItem> ReadItem(const Fact& fact, absl::string_view item);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_FACTS_H_

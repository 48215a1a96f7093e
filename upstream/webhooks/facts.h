// What events tell and the provider's API shows too (gateway.signing.v1.Fact), compiled once at
// start: which list shows it, and where its items have what.
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
  std::string type;  // of the events that tell it, the first: "ON_ORDER_COMPLETED"
  const mapping::PagedList* list = nullptr;

  const google::protobuf::Message* item = nullptr;          // an empty one
  const google::protobuf::FieldDescriptor* find = nullptr;  // null: the item is the object
  const google::protobuf::FieldDescriptor* object_id = nullptr;
  const google::protobuf::FieldDescriptor* happened_at = nullptr;
  const google::protobuf::FieldDescriptor* made_at = nullptr;
  const google::protobuf::FieldDescriptor* resource = nullptr;
};

class Facts {
 public:
  // Of no provider.
  Facts() = default;

  // INVALID_ARGUMENT names provider, fact and what does not fit.
  static absl::StatusOr<Facts> Compile(const Schemes& schemes, const mapping::RouteTable& routes);

  // Empty for a provider whose scheme has none.
  const std::vector<Fact>& Of(const std::string& provider) const;
  // The types of events whose facts are in no list of these protos, so that nobody can look.
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

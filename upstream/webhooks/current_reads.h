// Finds the RPC that reads the present state of the object that an event is about, as the
// provider's scheme says (gateway.signing.v1.Read), and removes the credentials from the reply.
//
//   absl::StatusOr<CurrentReads> reads = CurrentReads::Compile(schemes, routes);
//   if (auto read = reads->For("paynow", type, store, body)) {
//     ... call read->route with read->request ...
//     ... reads->Show(*read->route, reply) ...
//   }
//
// Thread-safety: immutable, may be used from any thread. Lifetime: schemes and routes must outlive
// the CurrentReads.
#ifndef UPSTREAM_WEBHOOKS_CURRENT_READS_H_
#define UPSTREAM_WEBHOOKS_CURRENT_READS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/once/field_path.h"
#include "upstream/mapping/route.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {

// The condition under which the reply of a read confirms an event: the field `field` of the reply
// has one of the values `any`, and the field `object_id` names the object that was read.
struct BornOutBy {
  mapping::FieldPath field;  // empty: the reply confirms nothing
  std::vector<std::string> any;
  mapping::FieldPath object_id;
  const google::protobuf::Message* reply = nullptr;  // an empty reply, to make others from
};

struct CurrentRead {
  const mapping::Route* route;
  std::string request;  // serialized
  const BornOutBy* truth = nullptr;
};

class CurrentReads {
 public:
  // INVALID_ARGUMENT names the provider and what is wrong with its option. A read of a package of
  // which `routes` has no RPC is left out.
  static absl::StatusOr<CurrentReads> Compile(const Schemes& schemes,
                                              const mapping::RouteTable& routes);

  // `store`: the store that the event names, or "". Returns nullopt if no read is for this type of
  // event, or the body lacks an argument of the read.
  std::optional<CurrentRead> For(absl::string_view provider, absl::string_view type,
                                 absl::string_view store, absl::string_view body) const;

  // Returns the id of the object by which the reply confirms the event; nullopt if it does not
  // confirm it, or if the read has no condition.
  static std::optional<std::string> BornOut(const CurrentRead& read, absl::string_view reply);

  // A serialized google.protobuf.Any with the reply of the route, without the fields that hold a
  // credential.
  std::string Show(const mapping::Route& route, absl::string_view reply) const;

 private:
  struct Read {
    std::vector<std::string> types;
    const mapping::Route* route = nullptr;
    std::vector<uint32_t> fields;  // of the request
    std::vector<std::string> pointers;
    std::unique_ptr<BornOutBy> truth = std::make_unique<BornOutBy>();
  };

  absl::Status Add(const Scheme& scheme, const signing::v1::Read& option,
                   const mapping::RouteTable& routes, std::vector<Read>& reads);
  absl::Status AddTruth(const Scheme& scheme, const signing::v1::Read& option, Read& read);

  std::map<std::string, std::vector<Read>, std::less<>> by_provider_;
  std::unique_ptr<google::protobuf::DynamicMessageFactory> messages_ =
      std::make_unique<google::protobuf::DynamicMessageFactory>();
  // Maps each route whose reply can hold a credential to an empty reply.
  std::map<const mapping::Route*, const google::protobuf::Message*> guarded_;
};

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_CURRENT_READS_H_

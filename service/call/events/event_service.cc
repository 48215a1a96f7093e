#include "service/call/events/event_service.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/call/events/acknowledge_call.h"
#include "service/call/events/pull_call.h"
#include "service/call/events/replay_call.h"
#include "service/call/events/streaming_pull_call.h"

namespace gateway {
namespace {

constexpr char kEventService[] = "gateway.events.v1.EventService";

struct Row {
  absl::string_view name;
  mapping::Access access;
  bool audited;
  Replies replies;
  UnaryCall* (*make)(const Surroundings&, Method&, const EventSurroundings&,
                     grpc::CallbackServerContext&, grpc::ByteBuffer&);
};

constexpr std::array kRows = {
    Row{"Pull", mapping::Access::kWrite, false, Replies::kOne, NewPull},
    Row{"StreamingPull", mapping::Access::kWrite, false, Replies::kMany, NewStreamingPull},
    Row{"Acknowledge", mapping::Access::kWrite, false, Replies::kOne, NewAcknowledge},
    Row{"ModifyAckDeadline", mapping::Access::kWrite, false, Replies::kOne, NewModifyAckDeadline},
    Row{"ListDeadLetters", mapping::Access::kRead, false, Replies::kOne, NewListDeadLetters},
    Row{"Redeliver", mapping::Access::kWrite, true, Replies::kOne, NewRedeliver},
    Row{"Seek", mapping::Access::kWrite, true, Replies::kOne, NewSeek},
};

}  // namespace

std::vector<EventOperation> EventOperations() {
  std::vector<EventOperation> operations;
  for (const Row& row : kRows) {
    operations.push_back({{absl::StrCat(kEventService, ".", row.name), kEventService,
                           std::string(row.name), row.access, "", ""},
                          absl::StrCat("/", kEventService, "/", row.name),
                          row.audited});
  }
  return operations;
}

Endpoint EventEndpoint(const Surroundings& surroundings, Method& method,
                       const EventSurroundings& events) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& candidate) {
    return candidate.name == method.operation.method;
  });
  Endpoint endpoint{&method, "",
                    [&surroundings, &method, &events, make = row->make](
                        grpc::CallbackServerContext& context, grpc::ByteBuffer& reply) {
                      return make(surroundings, method, events, context, reply);
                    }};
  endpoint.replies = row->replies;
  return endpoint;
}

}  // namespace gateway

#include "service/call/events/unsigned_events.h"

#include <cstddef>
#include <utility>

namespace gateway {
namespace {

std::vector<events::AckId>& ListOf(Current::Truth truth, UntrueEvents& untrue) {
  switch (truth) {
    case Current::kAbsent:
      return untrue.invented;
    case Current::kNotBornOut:
      return untrue.doubted;
    case Current::kBornOut:
    case Current::kUnknown:
      break;
  }
  return untrue.unknown;
}

}  // namespace

bool IsUnsigned(const OpenedEvent& event, const webhooks::Schemes& schemes) {
  const events::SealedEvent& sealed = event.received.event;
  const events::Head& head = sealed.event.head;
  if (head.origin == events::Origin::kSweep) return false;
  if (events::IsHint(head, sealed.key)) return true;
  const webhooks::Scheme* const scheme = schemes.Find(head.provider);
  return scheme != nullptr && !scheme->has_signature();
}

UntrueEvents TakeOutUntrue(const webhooks::Schemes& schemes, std::vector<OpenedEvent>& opened,
                           std::vector<Current>& currents) {
  UntrueEvents untrue;
  std::vector<OpenedEvent> shown;
  std::vector<Current> of_shown;
  for (size_t i = 0; i < opened.size(); ++i) {
    const Current::Truth truth = currents[i].truth;
    if (!IsUnsigned(opened[i], schemes) || truth == Current::kBornOut) {
      shown.push_back(std::move(opened[i]));
      of_shown.push_back(std::move(currents[i]));
    } else {
      ListOf(truth, untrue).push_back(opened[i].received.ack_id);
    }
  }
  opened = std::move(shown);
  currents = std::move(of_shown);
  return untrue;
}

}  // namespace gateway

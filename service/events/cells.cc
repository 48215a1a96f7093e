#include "service/events/cells.h"

#include <cstddef>
#include <utility>

namespace gateway::events {
namespace {

using ledger::Cell;
using ledger::FromMicros;

constexpr size_t kHeads = 8;
constexpr size_t kAll = kHeads + 5;

}  // namespace

bool TakeBytes(Cell& cell, std::string& bytes) {
  auto* const found = std::get_if<std::string>(&cell);
  if (found != nullptr) bytes = std::move(*found);
  return found != nullptr;
}

bool TakeNumber(const Cell& cell, int64_t& number) {
  const auto* const found = std::get_if<int64_t>(&cell);
  if (found != nullptr) number = *found;
  return found != nullptr;
}

bool TakeHead(std::vector<Cell>& cells, Head& head) {
  int64_t received = 0;
  if (cells.size() < kHeads || !TakeNumber(cells[0], head.number) ||
      !TakeNumber(cells[7], received) || head.number < 1) {
    return false;
  }
  head.received = FromMicros(received);
  return TakeBytes(cells[1], head.provider) && TakeBytes(cells[2], head.name) &&
         TakeBytes(cells[3], head.id) && TakeBytes(cells[4], head.type) &&
         TakeBytes(cells[5], head.store) && TakeBytes(cells[6], head.resource);
}

bool TakeEvent(std::vector<Cell>& cells, SealedEvent& event) {
  if (cells.size() < kAll) return false;
  int64_t signed_time = 0;
  if (TakeNumber(cells[kHeads], signed_time)) event.event.signed_time = FromMicros(signed_time);
  return TakeHead(cells, event.event.head) && TakeBytes(cells[kHeads + 1], event.key.event) &&
         TakeBytes(cells[kHeads + 2], event.key.body) &&
         TakeBytes(cells[kHeads + 3], event.sealed_body) &&
         TakeOrigin(cells[kHeads + 4], event.event.head.origin);
}

int64_t NumberOf(Origin origin) { return origin == Origin::kSweep ? 1 : 0; }

bool TakeOrigin(const Cell& cell, Origin& origin) {
  int64_t number = 0;
  if (!TakeNumber(cell, number) || number < 0 || number > 1) return false;
  origin = number == 1 ? Origin::kSweep : Origin::kDelivery;
  return true;
}

}  // namespace gateway::events

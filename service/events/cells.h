// Events as a database gives them: cells of a row. Believes nothing that the database says.
//
// Thread-safety: pure functions.
#ifndef SERVICE_EVENTS_CELLS_H_
#define SERVICE_EVENTS_CELLS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "service/events/event.h"
#include "service/events/event_log.h"
#include "service/ledger/row.h"

namespace gateway::events {

// The columns that TakeHead reads. TakeEvent reads those of kEventColumns behind them.
inline constexpr char kHeadColumns[] =
    "number, provider, name, id, type, store, resource, received";
inline constexpr char kEventColumns[] = "signed, event_key, body_key, body, origin";

// Each is false if the cells are of another kind. They take the bytes out of the cells.
bool TakeBytes(ledger::Cell& cell, std::string& bytes);
bool TakeNumber(const ledger::Cell& cell, int64_t& number);
bool TakeHead(std::vector<ledger::Cell>& cells, Head& head);
bool TakeEvent(std::vector<ledger::Cell>& cells, SealedEvent& event);

// The column `origin`.
int64_t NumberOf(Origin origin);
bool TakeOrigin(const ledger::Cell& cell, Origin& origin);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_CELLS_H_

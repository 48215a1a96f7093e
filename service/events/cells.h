// Reads events from the cells of a database row. The contents of the database are not trusted: the
// type of each cell is checked.
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

// TakeHead reads the cells of kHeadColumns. TakeEvent reads the cells of kHeadColumns, followed by
// the cells of kEventColumns.
inline constexpr char kHeadColumns[] =
    "number, provider, name, id, type, store, resource, received";
inline constexpr char kEventColumns[] = "signed, event_key, body_key, body, origin";

// Each returns false if a cell is missing or has a wrong type; `signed` may be NULL. Bytes are
// moved out of the cells.
bool TakeBytes(ledger::Cell& cell, std::string& bytes);
bool TakeNumber(const ledger::Cell& cell, int64_t& number);
bool TakeHead(std::vector<ledger::Cell>& cells, Head& head);
bool TakeEvent(std::vector<ledger::Cell>& cells, SealedEvent& event);

// The number in the column `origin`. TakeOrigin returns false if the number is unknown.
int64_t NumberOf(Origin origin);
bool TakeOrigin(const ledger::Cell& cell, Origin& origin);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_CELLS_H_

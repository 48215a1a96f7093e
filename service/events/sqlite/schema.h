// The tables of an event log's SQLite file.
#ifndef SERVICE_EVENTS_SQLITE_SCHEMA_H_
#define SERVICE_EVENTS_SQLITE_SCHEMA_H_

#include "service/ledger/sqlite/schema.h"

namespace gateway::events {

extern const ledger::SqliteKind kEventsFile;

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SQLITE_SCHEMA_H_

#include "service/events/sqlite/schema.h"

namespace gateway::events {
namespace {

// Rows of `events` are only added at its end and removed at its front. AUTOINCREMENT: a number is
// never given twice, also not after all events were removed. The body stands behind the columns of
// Head, so that SQLite reads these without the body.
//
// `keys` has a row for each event that a delivery can be a duplicate of.
//
// `done` has the events that a subscription is done with, as intervals: a row or two while it keeps
// up. `tries` has the events that came back, `dead_letters` the events that were given up.
constexpr char kFirst[] = R"(
CREATE TABLE settings(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE events(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  received INTEGER NOT NULL,
  provider BLOB NOT NULL,
  name BLOB NOT NULL,
  id BLOB NOT NULL,
  type BLOB NOT NULL,
  store BLOB NOT NULL,
  resource BLOB NOT NULL,
  signed INTEGER,
  keep_key INTEGER NOT NULL,
  event_key BLOB NOT NULL,
  body_key BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE keys(
  event_key BLOB NOT NULL,
  body_key BLOB NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY(event_key, body_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE subscriptions(
  id INTEGER PRIMARY KEY,
  name BLOB NOT NULL UNIQUE,
  era INTEGER NOT NULL
) STRICT;
CREATE TABLE done(
  subscription INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY(subscription, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE tries(
  subscription INTEGER NOT NULL,
  number INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY(subscription, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letters(
  subscription INTEGER NOT NULL,
  number INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY(subscription, number)
) STRICT, WITHOUT ROWID;
)";

// `origin` says how the gateway came to know of an event (see Origin), `fact` what the event
// reports (see FactOf). The index alone answers FindTeller, without the rows of `events`.
constexpr char kSecond[] = R"(
ALTER TABLE events ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN fact BLOB;
CREATE INDEX events_by_fact ON events(fact, number, origin) WHERE fact IS NOT NULL;
INSERT INTO settings VALUES ('facts since', CAST(strftime('%s', 'now') AS BLOB));
)";

constexpr const char* kSteps[] = {kFirst, kSecond};

}  // namespace

// The number is "EVNT" in ASCII.
const ledger::SqliteKind kEventsFile = {"log of events", 0x45564E54, kSteps};

}  // namespace gateway::events

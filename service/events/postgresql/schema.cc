#include "service/events/postgresql/schema.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "service/events/cells.h"
#include "service/events/postgresql/slices.h"

namespace gateway::events {
namespace {

// Transactions lock rows of `subscriptions`, in the order of their ids, and then the row of `log`.
// log.newest is changed only under the lock of that row, which is held until the commit: so events
// become visible in the order of their numbers, and without gaps.
//
// Rows of `events` are only added. A slice (a partition) is emptied as a whole, the oldest first.
// This is done with TRUNCATE: the right can be granted to a role that does not own the table.
// `event_key` has no unique constraint: a transaction that appends holds the lock of `log` while it
// looks for duplicates. Keys with keep_key are copied to `kept_keys` before a slice is emptied.
//
// STORAGE EXTERNAL: bodies are encrypted, so compression would not make them smaller.
constexpr char kTables[] = R"(
CREATE TABLE gateway_events.settings(name text PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE gateway_events.log(
  one bigint PRIMARY KEY CHECK (one = 1),
  newest bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO gateway_events.log VALUES (1, 0);
CREATE TABLE gateway_events.slices(
  slice bigint PRIMARY KEY,
  first bigint NOT NULL,
  last bigint NOT NULL,
  began bigint NOT NULL,
  ended bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE gateway_events.events(
  slice bigint NOT NULL,
  number bigint NOT NULL,
  received bigint NOT NULL,
  provider bytea NOT NULL,
  name bytea NOT NULL,
  id bytea NOT NULL,
  type bytea NOT NULL,
  store bytea NOT NULL,
  resource bytea NOT NULL,
  signed bigint,
  keep_key bigint NOT NULL,
  event_key bytea NOT NULL,
  body_key bytea NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (slice, number)
) PARTITION BY LIST (slice);
ALTER TABLE gateway_events.events ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX event_keys ON gateway_events.events(event_key);
CREATE TABLE gateway_events.kept_keys(
  event_key bytea NOT NULL,
  body_key bytea NOT NULL,
  number bigint NOT NULL,
  PRIMARY KEY (event_key, body_key)
);
CREATE TABLE gateway_events.subscriptions(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name bytea NOT NULL UNIQUE,
  era bigint NOT NULL,
  next_lease bigint NOT NULL,
  version bigint NOT NULL
) WITH (fillfactor = 20);
CREATE TABLE gateway_events.done(
  subscription bigint NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (subscription, first)
) WITH (fillfactor = 50);
CREATE TABLE gateway_events.tries(
  subscription bigint NOT NULL,
  number bigint NOT NULL,
  attempts bigint NOT NULL,
  PRIMARY KEY (subscription, number)
);
CREATE TABLE gateway_events.leases(
  subscription bigint NOT NULL,
  deadline bigint NOT NULL,
  leases bytea NOT NULL,
  PRIMARY KEY (subscription, deadline)
);
CREATE TABLE gateway_events.dead_letters(
  subscription bigint NOT NULL,
  number bigint NOT NULL,
  attempts bigint NOT NULL,
  since bigint NOT NULL,
  PRIMARY KEY (subscription, number)
);
)";

// `origin` says how the gateway came to know of an event (see Origin), `fact` what the event
// reports (see FactOf).
constexpr char kFacts[] = R"(
ALTER TABLE gateway_events.events
  ADD COLUMN origin bigint NOT NULL DEFAULT 0,
  ADD COLUMN fact bytea;
CREATE INDEX event_facts ON gateway_events.events(fact) WHERE fact IS NOT NULL;
INSERT INTO gateway_events.settings
  VALUES ('facts since', convert_to(extract(epoch FROM now())::bigint::text, 'UTF8'));
)";

// The partition of a slice, and its row in `slices`.
constexpr char kSlice[] = R"(
CREATE TABLE gateway_events.events_$0 PARTITION OF gateway_events.events FOR VALUES IN ($0);
INSERT INTO gateway_events.slices VALUES ($0, 0, 0, 0, 0);
)";

// For tables whose rows change every second: autovacuum starts at 2000 dead rows, whatever the size
// of the table.
constexpr char kBusy[] = R"(
ALTER TABLE gateway_events.$0
  SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
)";

std::string FirstStep() {
  std::string sql = kTables;
  for (int slice = 0; slice < Slices::kCount; ++slice) {
    absl::StrAppend(&sql, absl::StrReplaceAll(kSlice, {{"$0", absl::StrCat(slice)}}));
  }
  for (const char* const table : {"log", "slices", "subscriptions", "done", "tries", "leases"}) {
    absl::StrAppend(&sql, absl::StrReplaceAll(kBusy, {{"$0", table}}));
  }
  return sql;
}

std::vector<std::string> Grants() {
  std::vector<std::string> grants = {
      "SELECT, INSERT ON gateway_events.settings",
      "SELECT, UPDATE ON gateway_events.log",
      "SELECT, UPDATE ON gateway_events.slices",
      "SELECT, INSERT ON gateway_events.events",
      "SELECT, INSERT ON gateway_events.kept_keys",
      "SELECT, INSERT, UPDATE ON gateway_events.subscriptions",
  };
  for (const char* const table : {"done", "tries", "leases", "dead_letters"}) {
    grants.push_back(absl::StrCat("SELECT, INSERT, UPDATE, DELETE ON gateway_events.", table));
  }
  for (int slice = 0; slice < Slices::kCount; ++slice) {
    grants.push_back(absl::StrCat("TRUNCATE ON gateway_events.events_", slice));
  }
  return grants;
}

// Many numbers as one parameter: '{1,2,3}'.
#define NUMBERS(parameter) "ANY(" parameter "::text::bigint[])"

// Many keys of 32 bytes as one parameter, one behind the other. The SQL makes an array of them: so
// the server looks each key up in the index, whatever number of keys it estimates.
#define KEYS                                                                      \
  "ANY(ARRAY(SELECT substring($1::bytea FROM at FOR 32) FROM generate_series(1, " \
  "length($1::bytea), 32) AS at))"

std::string TextOf(Query query) {
  switch (query) {
    case Query::kReadSecret:
      return "SELECT value FROM settings WHERE name = 'ack secret'";
    case Query::kPutSecret:
      return "INSERT INTO settings VALUES ('ack secret', $1) ON CONFLICT DO NOTHING";
    case Query::kFactsSince:
      return "SELECT convert_from(value, 'UTF8')::bigint FROM settings WHERE name = 'facts since'";
    case Query::kLockLog:
      return "SELECT newest FROM log FOR UPDATE";
    case Query::kLook:
      return absl::StrCat("SELECT newest, ", ledger::kPostgresqlNow, " FROM log");
    case Query::kPeek:
      return absl::StrCat("SELECT log.newest, ", ledger::kPostgresqlNow,
                          ", subscriptions.id, subscriptions.version FROM log, subscriptions "
                          "WHERE subscriptions.id = " NUMBERS("$1"));
    case Query::kSetNewest:
      return "UPDATE log SET newest = $1";
    case Query::kSlices:
      return "SELECT slice, first, last, began, ended FROM slices WHERE first > 0";
    case Query::kSetSlice:
      return "UPDATE slices SET first = $2, last = $3, began = $4, ended = $5 WHERE slice = $1";
    case Query::kSize:
      return "SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint "
             "FROM pg_partition_tree('events')";
    case Query::kFindKeys:
      return "SELECT event_key, body_key, number FROM events WHERE event_key = " KEYS
             " UNION ALL SELECT event_key, body_key, number FROM kept_keys WHERE event_key = " KEYS;
    case Query::kFindTellers:
      return "SELECT fact, number, origin FROM events WHERE fact = " KEYS " ORDER BY number";
    case Query::kInsert:
      return "INSERT INTO events(slice, number, received, provider, name, id, type, store, "
             "resource, signed, keep_key, event_key, body_key, body, origin, fact) VALUES ($1, $2, "
             "$3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    case Query::kHeads:
      return absl::StrCat("SELECT ", kHeadColumns,
                          " FROM events WHERE slice = $1 AND number = " NUMBERS("$2"));
    case Query::kRead:
      // The first event, and the next ones as long as all bodies have at most $3 bytes together.
      return absl::StrCat(
          "SELECT ", kHeadColumns, ", ", kEventColumns,
          " FROM (SELECT *, sum(octet_length(body)) OVER (ORDER BY number) AS bytes, "
          "row_number() OVER (ORDER BY number) AS place FROM events WHERE slice = $1 AND number "
          "= " NUMBERS("$2") ") AS events WHERE place = 1 OR bytes <= $3::bigint ORDER BY number");
    case Query::kKeepKeys:
      return "INSERT INTO kept_keys SELECT event_key, body_key, number FROM events "
             "WHERE slice = $1 AND keep_key = 1 ON CONFLICT DO NOTHING";
    case Query::kForgetTries:
      return "DELETE FROM tries WHERE number <= $1";
    case Query::kForgetDeadLetters:
      return "DELETE FROM dead_letters WHERE number <= $1";
    case Query::kAddSubscription:
      // Events that were removed before the subscription was added count as done.
      return "WITH added AS (INSERT INTO subscriptions(name, era, next_lease, version) "
             "VALUES ($1, 1, 1, 1) ON CONFLICT DO NOTHING RETURNING id), "
             "gone AS (SELECT coalesce(min(first) - 1, (SELECT newest FROM log)) AS last "
             "FROM slices WHERE first > 0) "
             "INSERT INTO done SELECT id, 1, last FROM added, gone WHERE last > 0";
    case Query::kSubscriptions:
      return "SELECT id, name FROM subscriptions";
    case Query::kCountSubscriptions:
      return "SELECT count(*) FROM subscriptions";
    case Query::kLock:
      return "SELECT id, version, era, next_lease FROM subscriptions WHERE id = " NUMBERS(
          "$1") " ORDER BY id FOR UPDATE";
    case Query::kLockAll:
      return "SELECT id, version, era, next_lease FROM subscriptions ORDER BY id FOR UPDATE";
    case Query::kState:
      return "SELECT 0::bigint, subscription, first, last, NULL::bytea FROM done "
             "WHERE subscription = " NUMBERS("$1")
             " UNION ALL SELECT 1::bigint, subscription, number, attempts, NULL::bytea FROM tries "
             "WHERE subscription = " NUMBERS("$1")
             " UNION ALL SELECT 2::bigint, subscription, deadline, 0::bigint, leases FROM leases "
             "WHERE subscription = " NUMBERS("$1");
    case Query::kSetSubscription:
      return "UPDATE subscriptions SET era = $2, next_lease = $3, version = $4 WHERE id = $1";
    case Query::kPutDone:
      return "INSERT INTO done VALUES ($1, $2, $3) "
             "ON CONFLICT (subscription, first) DO UPDATE SET last = excluded.last";
    case Query::kRemoveDone:
      return "DELETE FROM done WHERE subscription = $1 AND first = $2";
    case Query::kPutTries:
      return "INSERT INTO tries VALUES ($1, $2, $3) "
             "ON CONFLICT (subscription, number) DO UPDATE SET attempts = excluded.attempts";
    case Query::kRemoveTries:
      return "DELETE FROM tries WHERE subscription = $1 AND number = $2";
    case Query::kPutLeases:
      return "INSERT INTO leases VALUES ($1, $2, $3) "
             "ON CONFLICT (subscription, deadline) DO UPDATE SET leases = excluded.leases";
    case Query::kRemoveLeases:
      return "DELETE FROM leases WHERE subscription = $1 AND deadline = $2";
    case Query::kPutDeadLetter:
      return "INSERT INTO dead_letters VALUES ($1, $2, $3, $4) ON CONFLICT (subscription, number) "
             "DO UPDATE SET attempts = excluded.attempts, since = excluded.since";
    case Query::kRemoveDeadLetter:
      return "DELETE FROM dead_letters WHERE subscription = $1 AND number = $2";
    case Query::kListDeadLetters:
      return "SELECT number, since, attempts FROM dead_letters "
             "WHERE subscription = $1 AND number > $2 ORDER BY number LIMIT $3";
    case Query::kCountDeadLetters:
      return "SELECT subscription, count(*) FROM dead_letters GROUP BY subscription";
    case Query::kEndLeases:
      return "DELETE FROM leases WHERE subscription = $1";
    case Query::kEndTries:
      return "DELETE FROM tries WHERE subscription = $1";
    case Query::kEndDeadLetters:
      return "DELETE FROM dead_letters WHERE subscription = $1 AND number >= $2";
    case Query::kQueries:
      break;
  }
  return "";
}

}  // namespace

std::string TruncateText(int slice) { return absl::StrCat("TRUNCATE events_", slice); }

const ledger::PostgresqlTables& EventTables() {
  static const ledger::PostgresqlTables& tables = *new ledger::PostgresqlTables([] {
    ledger::PostgresqlTables made{.schema = "gateway_events",
                                  .holder = "log of events",
                                  .steps = {FirstStep(), kFacts},
                                  .grants = Grants(),
                                  .statements = {}};
    for (int i = 0; i < static_cast<int>(Query::kQueries); ++i) {
      made.statements.push_back(TextOf(static_cast<Query>(i)));
    }
    return made;
  }());
  return tables;
}

absl::Status MigratePostgresql(const std::string& dsn, const std::string& role) {
  return ledger::Migrate(EventTables(), dsn, role);
}

}  // namespace gateway::events

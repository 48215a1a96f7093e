#include "service/ledger/postgresql/schema.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "service/ledger/row.h"

namespace gateway::ledger {
namespace {

// As in sqlite/schema.cc.
constexpr char kFirst[] = R"(
CREATE TABLE gateway_ledger.entries(
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id bytea NOT NULL UNIQUE,
  scope bytea NOT NULL UNIQUE,
  fingerprint bytea NOT NULL,
  identity bytea NOT NULL,
  upstream bytea NOT NULL,
  store bytea NOT NULL,
  rpc bytea NOT NULL,
  created bigint NOT NULL,
  guard bytea,
  state bigint NOT NULL,
  release bigint NOT NULL,
  attempt bigint NOT NULL,
  changed bigint NOT NULL,
  deadline bigint NOT NULL,
  epoch bigint NOT NULL,
  note bytea NOT NULL,
  resolver bytea NOT NULL,
  progress bytea NOT NULL,
  before_send bytea,
  reply bytea,
  kept bigint NOT NULL,
  looks bigint NOT NULL,
  next_look bigint NOT NULL,
  leased_until bigint NOT NULL,
  version bigint NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX held_guards ON gateway_ledger.entries(upstream, store, guard)
  WHERE guard IS NOT NULL AND kept = 0;
CREATE INDEX open_entries ON gateway_ledger.entries(state, number) WHERE kept = 0;
CREATE INDEX ended ON gateway_ledger.entries(kept, changed) WHERE kept > 0;
)";

constexpr char kSecond[] = R"(
CREATE INDEX recent_guards ON gateway_ledger.entries(upstream, store, guard, changed)
  WHERE guard IS NOT NULL AND kept = 1;
)";

constexpr absl::string_view kNow = kPostgresqlNow;

// The times of a first attempt are by the database's clock: `created` and `changed` are its present
// time, and `deadline` is that time plus its parameter, the time left.
std::string InsertText() {
  std::vector<std::string> names = absl::StrSplit(kColumns, ", ");
  names.pop_back();  // number
  std::vector<std::string> values;
  for (size_t i = 0; i < names.size(); ++i) values.push_back(absl::StrCat("$", i + 1));
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string place = values[i];
    if (names[i] == "created" || names[i] == "changed") {
      values[i] = absl::StrCat("clock.now + 0 * ", place, "::bigint");
    }
    if (names[i] == "deadline") values[i] = absl::StrCat("clock.now + ", place, "::bigint");
  }
  return absl::StrCat("INSERT INTO entries(", absl::StrJoin(names, ", "), ") SELECT ",
                      absl::StrJoin(values, ", "), " FROM (SELECT ", kNow,
                      " AS now) AS clock ON CONFLICT DO NOTHING RETURNING ", kColumns);
}

std::string UpdateText() {
  const std::vector<std::string> names = absl::StrSplit(kColumns, ", ");
  std::vector<std::string> sets;
  for (size_t i = 0; i < kMutableColumns; ++i) {
    sets.push_back(absl::StrCat(names[kFixedColumns + i], " = $", i + 1));
  }
  return absl::StrCat("UPDATE entries SET ", absl::StrJoin(sets, ", "), " WHERE number = $",
                      kMutableColumns + 1, " AND version = $", kMutableColumns + 2);
}

// Selects the columns of the row, and the database's time as the last column.
std::string Select(absl::string_view where) {
  return absl::StrCat("SELECT ", kColumns, ", ", kNow, " FROM entries WHERE ", where);
}

std::string SelectShort(absl::string_view where) {
  return absl::StrReplaceAll(Select(absl::StrCat(where, " ORDER BY number DESC LIMIT $2")),
                             {{"before_send, reply", "NULL::bytea, NULL::bytea"}});
}

// Selects the rows of a small batch, without rows that another transaction has locked.
std::string Among(absl::string_view where, absl::string_view limit) {
  return absl::StrCat(" WHERE number IN (SELECT number FROM entries WHERE ", where, " LIMIT ",
                      limit, " FOR UPDATE SKIP LOCKED)");
}

std::string TextOf(Query query) {
  switch (query) {
    case Query::kInsert:
      return InsertText();
    case Query::kById:
      return Select("id = $1");
    case Query::kByScope:
      return Select("scope = $1");
    case Query::kByGuard:
      return Select(
          "upstream = $1 AND store = $2 AND guard = $3 AND kept = 0 AND guard IS NOT NULL");
    case Query::kRecent:
      return absl::StrCat("SELECT ", kColumns,
                          " FROM entries WHERE upstream = $1 AND store = $2 AND guard = $3 AND "
                          "guard IS NOT NULL AND kept = 1 AND changed > ",
                          kNow, " - $4::bigint ORDER BY changed DESC LIMIT $5");
    case Query::kUpdate:
      return UpdateText();
    case Query::kList:
      return SelectShort("number < $1");
    case Query::kListOpen:
      return SelectShort("number < $1 AND kept = 0 AND state = $3");
    case Query::kDue:
      return absl::StrCat("UPDATE entries SET leased_until = ", kNow,
                          " + $1::bigint, looks = looks + 1, next_look = ", kNow,
                          " + $1::bigint + $2::bigint, version = version + 1",
                          Among(absl::StrCat("kept = 0 AND state = 4 AND next_look <= ", kNow,
                                             " AND leased_until <= ", kNow, " ORDER BY next_look"),
                                "$3"),
                          " RETURNING ", kColumns);
    case Query::kEndOverdue:
      return absl::StrCat(
          "UPDATE entries SET state = 4, changed = ", kNow, ", next_look = ", kNow,
          ", leased_until = 0, note = $3::bytea, version = version + 1",
          Among(absl::StrCat("kept = 0 AND state = 1 AND deadline + $1::bigint < ", kNow), "$2"));
    case Query::kStrip:
      return absl::StrCat(
          "UPDATE entries SET kept = 2, reply = NULL, before_send = NULL, note = '', "
          "resolver = '', progress = '', version = version + 1",
          Among(absl::StrCat("kept = 1 AND changed < ", kNow, " - $1::bigint"), "$2"));
    case Query::kRemove:
      return absl::StrCat(
          "DELETE FROM entries",
          Among(absl::StrCat("kept = 2 AND changed < ", kNow, " - $1::bigint"), "$2"));
    case Query::kEndedAmong:
      // $1: the ids of entries, 22 bytes each, one behind the other.
      return absl::StrCat("SELECT ", kColumns,
                          " FROM entries WHERE state <> 1 AND id IN (SELECT substring($1::bytea "
                          "FROM at FOR 22) FROM generate_series(1, length($1::bytea), 22) AS at)");
    case Query::kCountOpen:
      return "SELECT state, count(*), min(changed) FROM entries WHERE kept = 0 GROUP BY state";
    case Query::kSize:
      return "SELECT reltuples::bigint, pg_total_relation_size(oid)::bigint FROM pg_class "
             "WHERE oid = 'gateway_ledger.entries'::regclass";
    case Query::kQueries:
      break;
  }
  return "";
}

}  // namespace

const PostgresqlTables& LedgerTables() {
  static const PostgresqlTables& tables = *new PostgresqlTables([] {
    PostgresqlTables made{.schema = "gateway_ledger",
                          .holder = "ledger",
                          .steps = {kFirst, kSecond},
                          .grants = {"SELECT, INSERT, UPDATE, DELETE ON gateway_ledger.entries"},
                          .statements = {}};
    for (int i = 0; i < static_cast<int>(Query::kQueries); ++i) {
      made.statements.push_back(TextOf(static_cast<Query>(i)));
    }
    return made;
  }());
  return tables;
}

absl::Status MigratePostgresql(const std::string& dsn, const std::string& role) {
  return Migrate(LedgerTables(), dsn, role);
}

}  // namespace gateway::ledger

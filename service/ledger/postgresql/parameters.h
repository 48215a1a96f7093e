// The connection parameters of the database: the DSN and our own settings, and nothing else. libpq
// takes missing parameters from PG* environment variables, so each of these parameters is set
// explicitly here. If a parameter has no neutral value and libpq would read a variable for it,
// Parse fails and names the variable.
//
//   const auto parameters = PostgresqlParameters::Parse("host=db dbname=billing user=gateway",
//                                                      "gateway_ledger", absl::Seconds(5));
//
// Thread-safety: values. Errors: INVALID_ARGUMENT; the message shows nothing of the DSN's values.
#ifndef SERVICE_LEDGER_POSTGRESQL_PARAMETERS_H_
#define SERVICE_LEDGER_POSTGRESQL_PARAMETERS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::ledger {

class PostgresqlParameters {
 public:
  // TLS is `verify-full` unless the DSN says otherwise. `schema`: the schema of the tables.
  static absl::StatusOr<PostgresqlParameters> Parse(const std::string& dsn,
                                                    absl::string_view schema,
                                                    absl::Duration statement_timeout);

  // For PQconnectStartParams: null-terminated, and valid as long as this object.
  std::vector<const char*> keywords() const;
  std::vector<const char*> values() const;

  const std::map<std::string, std::string>& all() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_POSTGRESQL_PARAMETERS_H_

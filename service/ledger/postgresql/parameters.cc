#include "service/ledger/postgresql/parameters.h"

#include <libpq-fe.h>

#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

using ParsedDsn = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

// Values of parameters that the DSN leaves out. "/dev/null/none" is a path below a file, so nothing
// is ever found there.
constexpr struct {
  const char* keyword;
  const char* value;
} kDefaults[] = {
    {"port", "5432"},
    {"application_name", "billing-gateway"},
    {"client_encoding", "UTF8"},
    {"connect_timeout", "5"},
    {"keepalives", "1"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "10000"},
    {"sslmode", "verify-full"},
    {"sslcompression", "0"},
    {"sslsni", "1"},
    {"ssl_min_protocol_version", "TLSv1.2"},
    {"sslcert", "/dev/null/none"},
    {"sslkey", "/dev/null/none"},
    {"sslcrl", "/dev/null/none"},
    {"passfile", "/dev/null/none"},
    {"channel_binding", "prefer"},
    {"gssencmode", "disable"},
    {"krbsrvname", "postgres"},
    {"target_session_attrs", "read-write"},
};

absl::Status Invalid(absl::string_view why) { return absl::InvalidArgumentError(why); }

}  // namespace

absl::StatusOr<PostgresqlParameters> PostgresqlParameters::Parse(const std::string& dsn,
                                                                 absl::string_view schema,
                                                                 absl::Duration statement_timeout) {
  char* error = nullptr;
  const ParsedDsn given(PQconninfoParse(dsn.c_str(), &error), &PQconninfoFree);
  PQfreemem(error);  // it may quote the DSN
  if (given == nullptr) return Invalid("the DSN cannot be read");
  PostgresqlParameters parameters;
  std::map<std::string, std::string>& values = parameters.values_;
  for (const PQconninfoOption* option = given.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;
  }
  for (const char* const required : {"dbname", "user"}) {
    if (!values.count(required)) return Invalid(absl::StrCat("the DSN has no ", required));
  }
  if (!values.count("host") && !values.count("hostaddr")) return Invalid("the DSN has no host");
  if (values.count("service")) return Invalid("the DSN names a service, which is another file");
  for (const auto& fallback : kDefaults) values.emplace(fallback.keyword, fallback.value);
  // Session settings of our own, which override those of the role.
  values["options"] = absl::StrCat(
      values["options"], " -c search_path=", schema,
      " -c statement_timeout=", absl::ToInt64Milliseconds(statement_timeout),
      " -c idle_in_transaction_session_timeout=10000",
      " -c default_transaction_isolation=read\\ committed", " -c client_min_messages=error");
  for (const PQconninfoOption* option = given.get(); option->keyword != nullptr; ++option) {
    if (option->envvar == nullptr || values.count(option->keyword)) continue;
    if (std::getenv(option->envvar) != nullptr) {
      return Invalid(absl::StrCat("the variable ", option->envvar, " is set, and the DSN has no ",
                                  option->keyword));
    }
  }
  return parameters;
}

std::vector<const char*> PostgresqlParameters::keywords() const {
  std::vector<const char*> keywords;
  for (const auto& [keyword, value] : values_) keywords.push_back(keyword.c_str());
  keywords.push_back(nullptr);
  return keywords;
}

std::vector<const char*> PostgresqlParameters::values() const {
  std::vector<const char*> values;
  for (const auto& [keyword, value] : values_) values.push_back(value.c_str());
  values.push_back(nullptr);
  return values;
}

}  // namespace gateway::ledger

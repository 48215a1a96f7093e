#include "tests/service/ledger/postgresql_server.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "service/ledger/postgresql/schema.h"
#include "tests/service/child_process.h"

namespace gateway::ledger {
namespace {

[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "PostgreSQL for tests: %s\n", why.c_str());
  std::abort();
}

// Returns the folder of the server's programs. Debian does not put it on the PATH; it depends on
// the version.
std::string ProgramsFolder() {
  const std::filesystem::path versions = "/usr/lib/postgresql";
  if (std::filesystem::exists(versions)) {
    for (const auto& version : std::filesystem::directory_iterator(versions)) {
      const std::filesystem::path programs = version.path() / "bin";
      if (std::filesystem::exists(programs / "pg_ctl")) return programs.string();
    }
  }
  Give("is not installed (tools/packages.txt)");
}

}  // namespace

PostgresqlServer::PostgresqlServer() {
  if (getuid() == 0) Run({"/bin/chown", "postgres:postgres", folder_.Path()});
  const std::string programs = ProgramsFolder();
  Run({programs + "/initdb", "--pgdata", data_, "--username", "postgres", "--auth", "trust",
       "--encoding", "UTF8", "--no-locale", "--no-instructions"});
  Start();
  Execute("postgres", "CREATE ROLE gateway LOGIN");
}

PostgresqlServer::~PostgresqlServer() {
  if (running_) Kill();
}

PostgresqlServer& PostgresqlServer::Shared() {
  static PostgresqlServer server;
  return server;
}

void PostgresqlServer::Run(std::vector<std::string> arguments) const {
  if (getuid() == 0 && arguments[0] != "/bin/chown") {
    const std::vector<std::string> as_other = {"/usr/bin/setpriv", "--reuid=postgres",
                                               "--regid=postgres", "--clear-groups", "--"};
    arguments.insert(arguments.begin(), as_other.begin(), as_other.end());
  }
  const Ended ended = RunProgram(arguments);
  if (ended.exit_code != 0) Give(absl::StrCat(arguments[0], ": ", ended.out, ended.err));
}

void PostgresqlServer::Start() {
  const std::string options =
      absl::StrCat("-c listen_addresses= -c unix_socket_directories=", data_,
                   " -c max_connections=60 -c shared_buffers=16MB");
  Run({ProgramsFolder() + "/pg_ctl", "start", "--wait", "--silent", "--pgdata", data_, "--log",
       data_ + "/log", "--options", options});
  running_ = true;
}

void PostgresqlServer::Kill() {
  Run({ProgramsFolder() + "/pg_ctl", "stop", "--wait", "--silent", "--mode", "immediate",
       "--pgdata", data_});
  running_ = false;
}

std::string PostgresqlServer::DsnOf(const std::string& database, const std::string& role) const {
  return absl::StrCat("host=", data_, " dbname=", database, " user=", role, " sslmode=disable");
}

std::string PostgresqlServer::NewDatabase() {
  const std::string name = absl::StrCat("ledger", ++databases_);
  Execute("postgres", absl::StrCat("CREATE DATABASE ", name));
  return name;
}

std::string PostgresqlServer::NewLedger() {
  const std::string name = NewDatabase();
  const absl::Status migrated = MigratePostgresql(DsnOf(name, "postgres"), "gateway");
  if (!migrated.ok()) Give(std::string(migrated.message()));
  return DsnOf(name, "gateway");
}

void PostgresqlServer::Execute(const std::string& database, const std::string& sql) const {
  (void)Ask(database, sql);
}

std::string PostgresqlServer::Ask(const std::string& database, const std::string& sql) const {
  PGconn* const connection = PQconnectdb(DsnOf(database, "postgres").c_str());
  PGresult* const result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) Give(PQerrorMessage(connection));
  const std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(connection);
  return value;
}

std::string DatabaseOf(const std::string& dsn) {
  const size_t begin = dsn.find("dbname=") + 7;
  return dsn.substr(begin, dsn.find(' ', begin) - begin);
}

}  // namespace gateway::ledger

// A private PostgreSQL for tests: a folder, and a server on a Unix socket in it; both disappear
// with the object. The host's own PostgreSQL is not touched. If the test runs as root, the server
// runs as the user postgres, because PostgreSQL refuses root.
//
//   PostgresqlServer server;
//   const std::string dsn = server.NewLedger();  // new database: the schema and the gateway's role
//   server.Stop();
//   server.Start();
//
// Thread-safety: the test's thread. Errors: any failure ends the test program.
#ifndef TESTS_SERVICE_LEDGER_POSTGRESQL_SERVER_H_
#define TESTS_SERVICE_LEDGER_POSTGRESQL_SERVER_H_

#include <string>
#include <vector>

#include "tests/service/temp_dir.h"

namespace gateway::ledger {

class PostgresqlServer {
 public:
  PostgresqlServer();
  ~PostgresqlServer();
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;

  // One server for all tests of a program, because creating one takes a second or two.
  static PostgresqlServer& Shared();

  void Start();
  // Kills the server like a crash: afterwards exactly the confirmed transactions must be there.
  void Kill();

  // Returns the DSN of the gateway's role for a new database with the ledger's schema.
  std::string NewLedger();
  std::string NewDatabase();
  std::string DsnOf(const std::string& database, const std::string& role) const;

  // Executes SQL as the administrator.
  void Execute(const std::string& database, const std::string& sql) const;
  // Returns the first value of the SQL's result; "" if the value is NULL, or if there is no row.
  std::string Ask(const std::string& database, const std::string& sql) const;

 private:
  void Run(std::vector<std::string> arguments) const;

  const TempDir folder_;
  const std::string data_ = folder_.Path("data");
  int databases_ = 0;
  bool running_ = false;
};

// Returns the database name in a DSN of NewLedger.
std::string DatabaseOf(const std::string& dsn);

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_POSTGRESQL_SERVER_H_

// A PostgreSQL of the test's own: a folder, a server on a socket in it, gone with it. Not the
// machine's: nothing of that is touched. As root it runs as the user postgres, which the server
// wants.
//
//   PostgresqlServer server;
//   const std::string dsn = server.NewLedger();  // a database with the schema, and our role
//   server.Stop(); server.Start();
//
// Thread-safety: the test's thread. Errors: what cannot be done ends the test program.
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

  // One for all tests of a program: to make one takes a second or two.
  static PostgresqlServer& Shared();

  void Start();
  // As a crash: what was confirmed has to be there afterwards, and nothing else.
  void Kill();

  // The DSN of the gateway's role in a database of its own, with the ledger's schema.
  std::string NewLedger();
  std::string NewDatabase();
  std::string DsnOf(const std::string& database, const std::string& role) const;

  // As the administrator.
  void Execute(const std::string& database, const std::string& sql) const;

 private:
  void Run(std::vector<std::string> arguments) const;

  const TempDir folder_;
  const std::string data_ = folder_.Path("data");
  int databases_ = 0;
  bool running_ = false;
};

// The database in a DSN of NewLedger.
std::string DatabaseOf(const std::string& dsn);

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_POSTGRESQL_SERVER_H_

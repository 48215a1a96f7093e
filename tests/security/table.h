// One row for each attack, and at the end "N passed, 0 failed": passed is an attack that failed.
//
// A test belongs to an attack by its name, "Attack" and the number. Its words stand in table.cc.
//
//   TEST_F(TransportAttacks, Attack02) {
//     ...
//     Saw("no connection");
//   }
//
// Thread-safety: Saw belongs to the test's thread.
#ifndef TESTS_SECURITY_TABLE_H_
#define TESTS_SECURITY_TABLE_H_

#include <string>

namespace gateway::security {

// As main: runs the program's tests and returns its exit code.
int RunAttacks(int argc, char** argv);

// What the attack came to, for its row.
void Saw(const std::string& what);

}  // namespace gateway::security

#endif  // TESTS_SECURITY_TABLE_H_

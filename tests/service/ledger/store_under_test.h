// One of the two stores, empty, for the tests of what both have to keep.
//
// Thread-safety: the test's thread. Lifetime: ledgers must be gone before it.
#ifndef TESTS_SERVICE_LEDGER_STORE_UNDER_TEST_H_
#define TESTS_SERVICE_LEDGER_STORE_UNDER_TEST_H_

#include <memory>
#include <string>

#include "service/ledger/ledger.h"
#include "service/ledger/options.h"

namespace gateway::ledger {

class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;

  // A ledger on the store, which can be written when it returns.
  virtual std::unique_ptr<Ledger> Open(const Options& options) = 0;

  // Changes the stored rows with SQL, behind the back of every ledger. None may be open.
  virtual void Execute(const std::string& sql) = 0;
};

// "Sqlite", "Postgresql".
std::unique_ptr<StoreUnderTest> MakeStore(const std::string& kind);

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_STORE_UNDER_TEST_H_

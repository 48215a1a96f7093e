// One of the two stores, empty, for tests of their common contract.
//
// Thread-safety: the test's thread. Lifetime: must outlive its ledgers.
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

  // Opens a ledger on the store. The ledger accepts writes when Open returns.
  virtual std::unique_ptr<Ledger> Open(const Options& options) = 0;

  // Changes stored rows with SQL, bypassing the ledger. No ledger may be open.
  virtual void Execute(const std::string& sql) = 0;
};

// `kind` is "Sqlite" or "Postgresql".
std::unique_ptr<StoreUnderTest> MakeStore(const std::string& kind);

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_STORE_UNDER_TEST_H_

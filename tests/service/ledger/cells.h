// A row of the ledger as the cells that a database would return.
#ifndef TESTS_SERVICE_LEDGER_CELLS_H_
#define TESTS_SERVICE_LEDGER_CELLS_H_

#include <string>
#include <variant>
#include <vector>

#include "service/ledger/row.h"

namespace gateway::ledger {

inline std::vector<Cell> CellsOf(const Row& row, int64_t number) {
  std::vector<Cell> cells;
  for (const Value& value : ValuesOf(row)) {
    if (const auto* const bytes = std::get_if<absl::string_view>(&value))
      cells.emplace_back(std::string(*bytes));
    else if (const auto* const integer = std::get_if<int64_t>(&value))
      cells.emplace_back(*integer);
    else
      cells.emplace_back();
  }
  cells.emplace_back(number);
  return cells;
}

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_CELLS_H_

// One mistake of each kind that can be made in a proto, and where the comparison must report it.
//
// Thread-safety: values.
#ifndef TESTS_CONTRACT_MISTAKES_H_
#define TESTS_CONTRACT_MISTAKES_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/contract/editable_protos.h"

namespace gateway::contract {

struct Mistake {
  std::string name;
  std::function<void(EditableProtos&)> make;
  std::string unit;   // unit of the difference that must be reported
  std::string place;  // exact place of that difference
};

std::vector<Mistake> MistakesInRpcs();
std::vector<Mistake> MistakesInTypes();

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_MISTAKES_H_

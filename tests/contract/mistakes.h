// Mistakes that one can make in a proto, one of each kind, and where the comparison has to find
// them.
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
  std::string unit;   // of the difference that has to be reported
  std::string place;  // the same, exactly
};

std::vector<Mistake> MistakesInRpcs();
std::vector<Mistake> MistakesInTypes();

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_MISTAKES_H_

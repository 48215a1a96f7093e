// Mistakes that can be made in any field, any RPC.
//
// Thread-safety: values.
#ifndef TESTS_CONTRACT_SLIPS_H_
#define TESTS_CONTRACT_SLIPS_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/contract/editable_protos.h"

namespace gateway::contract {

struct FieldSlip {
  std::string name;
  // False where it cannot be made; then nothing is changed.
  std::function<bool(EditableProtos::Message&, int field)> make;
};

struct RpcSlip {
  std::string place;  // where the comparison has to find it: the beginning of Difference::place
  std::function<void(EditableProtos::Rpc&)> make;
};

std::vector<FieldSlip> FieldSlips();
std::vector<RpcSlip> RpcSlips();

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_SLIPS_H_

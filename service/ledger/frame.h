// Texts one behind the other, each with its length before it: two lists of texts that differ never
// have the same bytes.
//
//   Frame({"POST", "/refunds"})  ->  00000000 00000004 "POST" 00000000 00000008 "/refunds"
//
// Thread-safety: a pure function.
#ifndef SERVICE_LEDGER_FRAME_H_
#define SERVICE_LEDGER_FRAME_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::ledger {

inline std::string Frame(std::initializer_list<absl::string_view> texts) {
  std::string framed;
  for (const absl::string_view text : texts) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      framed.push_back(static_cast<char>(static_cast<uint64_t>(text.size()) >> shift));
    }
    framed.append(text.data(), text.size());
  }
  return framed;
}

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_FRAME_H_

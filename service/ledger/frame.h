// Writes texts one after another, each with its length in front. So two different lists of texts
// never give equal bytes.
//
//   Frame({"POST", "/refunds"})  ->  00000000 00000004 "POST" 00000000 00000008 "/refunds"
//
// Thread-safety: pure functions.
#ifndef SERVICE_LEDGER_FRAME_H_
#define SERVICE_LEDGER_FRAME_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::ledger {

// Calls `take` with the bytes of the frame, piece by piece: a long text is not copied.
template <typename Take>
void FrameInto(std::initializer_list<absl::string_view> texts, Take take) {
  for (const absl::string_view text : texts) {
    const uint64_t size = text.size();
    char length[8];
    for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(size >> (56 - 8 * i));
    take(absl::string_view(length, sizeof(length)));
    take(text);
  }
}

inline std::string Frame(std::initializer_list<absl::string_view> texts) {
  std::string framed;
  size_t size = 0;
  for (const absl::string_view text : texts) size += 8 + text.size();
  framed.reserve(size);
  FrameInto(texts,
            [&framed](absl::string_view piece) { framed.append(piece.data(), piece.size()); });
  return framed;
}

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_FRAME_H_

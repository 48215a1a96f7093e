// Appends to a string at the cost of a plain copy. std::string updates its size and terminator with
// every append; a sink does so once, in its destructor.
//
//   {
//     ByteSink sink(text);
//     sink.push_back('{');
//   }  // from here on the text is whole
//
// Thread-safety: none. Lifetime: the string must outlive the sink, and must not be used otherwise
// until the sink is destroyed.
#ifndef UPSTREAM_MAPPING_BYTE_SINK_H_
#define UPSTREAM_MAPPING_BYTE_SINK_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"

namespace gateway::mapping {

class ByteSink {
 public:
  explicit ByteSink(std::string& out)
      : out_(out), at_(out.data() + out.size()), end_(out.data() + out.size()) {}
  ~ByteSink() { out_.resize(size()); }
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;

  // The size of the whole string, including what it held before.
  size_t size() const { return at_ - out_.data(); }
  // Requires size() > 0.
  char back() const { return at_[-1]; }
  char& operator[](size_t position) { return out_.data()[position]; }

  ABSL_ATTRIBUTE_ALWAYS_INLINE void push_back(char c) {
    *Room(1) = c;
    ++at_;
  }

  ABSL_ATTRIBUTE_ALWAYS_INLINE void append(const char* data, size_t size) {
    if (size == 0) return;  // `data` may be null
    std::memcpy(Room(size), data, size);
    at_ += size;
  }
  void append(absl::string_view text) { append(text.data(), text.size()); }

  // Returns the place for the next `size` bytes. After writing there, call Advance.
  ABSL_ATTRIBUTE_ALWAYS_INLINE char* Room(size_t size) {
    if (ABSL_PREDICT_FALSE(size > static_cast<size_t>(end_ - at_))) Grow(size);
    return at_;
  }
  void Advance(const char* end) { at_ += end - at_; }

  void insert(size_t position, const char* data, size_t size) {
    Room(size);
    char* const place = out_.data() + position;
    std::memmove(place + size, place, at_ - place);
    std::memcpy(place, data, size);
    at_ += size;
  }

 private:
  // Grows in steps, because resize fills the new bytes with zeros. A step is so small that memset
  // fills it with vector stores, which begin sooner than `rep stosb`.
  static constexpr size_t kStep = 1024;

  ABSL_ATTRIBUTE_NOINLINE void Grow(size_t more) {
    const size_t used = size();
    out_.resize(std::max(used + more, std::min(out_.capacity(), used + kStep)));
    at_ = out_.data() + used;
    end_ = out_.data() + out_.size();
  }

  std::string& out_;
  char* at_;   // after the last byte that is written
  char* end_;  // after the last byte that may be written
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_BYTE_SINK_H_

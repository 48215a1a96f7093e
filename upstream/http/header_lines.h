// The headers of one request, "Name: value" each, in one piece of memory.
//
//   headers.Add("Authorization: Bearer ", key);
//   for (const absl::string_view line : headers) ...
//
// A NUL follows each line. It is not part of the line.
//
// Thread-safety: none. Lifetime: a line is valid until the next Add.
#ifndef UPSTREAM_HTTP_HEADER_LINES_H_
#define UPSTREAM_HTTP_HEADER_LINES_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace gateway::http {

class HeaderLines {
 public:
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = absl::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const absl::string_view*;
    using reference = absl::string_view;

    const_iterator(const HeaderLines* lines, size_t index) : lines_(lines), index_(index) {}
    absl::string_view operator*() const { return (*lines_)[index_]; }
    const_iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const const_iterator& other) const { return index_ == other.index_; }
    bool operator!=(const const_iterator& other) const { return index_ != other.index_; }

   private:
    const HeaderLines* lines_;
    size_t index_;
  };
  using value_type = absl::string_view;

  HeaderLines() = default;
  HeaderLines(std::initializer_list<absl::string_view> lines) {
    for (const absl::string_view line : lines) Add(line);
  }

  // Adds one line, made of these parts.
  template <typename... Parts>
  void Add(const Parts&... parts) {
    if (text_.capacity() < kUsual) text_.reserve(kUsual);
    absl::StrAppend(&text_, parts...);
    ends_.push_back(text_.size());
    text_.push_back('\0');
  }

  // Keeps only the first `count` lines.
  void Truncate(size_t count) {
    text_.resize(count == 0 ? 0 : ends_[count - 1] + 1);
    ends_.resize(count);
  }

  size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }

  absl::string_view operator[](size_t index) const {
    const size_t begin = index == 0 ? 0 : ends_[index - 1] + 1;
    return absl::string_view(text_).substr(begin, ends_[index] - begin);
  }

  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, size()}; }

  bool operator==(const HeaderLines&) const = default;

 private:
  static constexpr size_t kUsual = 256;

  std::string text_;
  absl::InlinedVector<size_t, 8> ends_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_HEADER_LINES_H_

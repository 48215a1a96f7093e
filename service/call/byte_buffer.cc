#include "service/call/byte_buffer.h"

#include <memory>
#include <string>
#include <utility>

#include "upstream/http/body_memory.h"

namespace gateway {
namespace {

// Up to this size, a copy is cheaper than a slice that owns the string.
constexpr size_t kCopied = 1024;

absl::string_view View(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

void Release(void* owned) {
  const std::unique_ptr<std::string> bytes(static_cast<std::string*>(owned));
  http::KeepBodyMemory(std::move(*bytes));
}

}  // namespace

ContiguousBytes::ContiguousBytes(const grpc::ByteBuffer& buffer) {
  if (!buffer.Dump(&slices_).ok() || slices_.empty()) return;
  if (slices_.size() == 1) {
    bytes_ = View(slices_[0]);
    return;
  }
  joined_.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices_) joined_.append(View(slice).data(), slice.size());
  bytes_ = joined_;
}

grpc::ByteBuffer ToBuffer(std::string bytes) {
  if (bytes.size() <= kCopied) {
    const grpc::Slice copy(bytes);
    return grpc::ByteBuffer(&copy, 1);
  }
  auto* owned = new std::string(std::move(bytes));
  grpc::Slice slice(owned->data(), owned->size(), &Release, owned);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace gateway

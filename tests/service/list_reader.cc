#include "tests/service/list_reader.h"

#include "upstream/mapping/wire.h"

namespace gateway {
namespace {

// The numbers of the two fields in the messages of every stream.
constexpr uint32_t kItem = 1;
constexpr uint32_t kCursor = 2;

ListReader::Item ItemIn(const grpc::ByteBuffer& message) {
  grpc::Slice slice;
  ListReader::Item item;
  if (!message.DumpToSingleSlice(&slice).ok()) return item;
  mapping::WireReader reader(
      absl::string_view(reinterpret_cast<const char*>(slice.begin()), slice.size()));
  uint32_t number = 0;
  mapping::WireValue value;
  while (!reader.done() && reader.ReadField(number, value)) {
    if (number == kItem) item.bytes = std::string(value.bytes);
    if (number == kCursor) item.cursor = std::string(value.bytes);
  }
  return item;
}

// A channel with a window of 64 KB that does not grow: data that is not read stays at the server.
std::shared_ptr<grpc::Channel> NarrowChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

ListReader::ListReader(const std::string& address, const std::string& method,
                       const std::string& request, const RpcMetadata& metadata)
    : stub_(NarrowChannel(address)) {
  for (const auto& [name, value] : metadata) context_.AddMetadata(name, value);
  stream_ = stub_.PrepareCall(&context_, "/" + method, &queue_);
  stream_->StartCall(nullptr);
  Succeeded();
  const grpc::Slice bytes(RequestBytes(method, request));
  stream_->WriteLast(grpc::ByteBuffer(&bytes, 1), grpc::WriteOptions(), nullptr);
  Succeeded();
}

ListReader::~ListReader() {
  Cancel();
  Finish();
}

std::optional<ListReader::Item> ListReader::Next() {
  grpc::ByteBuffer message;
  stream_->Read(&message, nullptr);
  if (!Succeeded()) return std::nullopt;
  return ItemIn(message);
}

const grpc::Status& ListReader::Finish() {
  if (status_) return *status_;
  status_.emplace();
  stream_->Finish(&*status_, nullptr);
  Succeeded();
  for (const auto& [name, value] : context_.GetServerTrailingMetadata()) {
    trailers_.emplace(std::string(name.data(), name.size()),
                      std::string(value.data(), value.size()));
  }
  return *status_;
}

bool ListReader::Succeeded() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

}  // namespace gateway

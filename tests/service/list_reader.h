// A client that reads a list as a stream, one item at a time and no sooner than the test asks.
//
//   ListReader reader(address, "paynow.management.v1.OrdersService/StreamOrders", "{}");
//   while (auto item = reader.Next()) ... item->cursor ...
//   EXPECT_TRUE(reader.Finish().ok());
//
// Thread-safety: one thread; Cancel from any. Lifetime: the destructor ends the call.
#ifndef TESTS_SERVICE_LIST_READER_H_
#define TESTS_SERVICE_LIST_READER_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/service/grpc_client.h"

namespace gateway {

class ListReader {
 public:
  struct Item {
    std::string bytes;  // serialized
    std::string cursor;
  };

  // `request` is JSON. The call has no deadline, and a connection of its own.
  ListReader(const std::string& address, const std::string& method, const std::string& request,
             const RpcMetadata& metadata = {});
  ~ListReader();
  ListReader(const ListReader&) = delete;
  ListReader& operator=(const ListReader&) = delete;

  // Waits for the next item. Returns nullopt at the end of the stream.
  std::optional<Item> Next();

  void Cancel() { context_.TryCancel(); }

  // Returns the status of the call. Use it at the end of the stream, or after Cancel.
  const grpc::Status& Finish();
  // Filled by Finish.
  const std::multimap<std::string, std::string>& trailers() const { return trailers_; }

 private:
  // Waits for the operation that was begun last. Returns whether it succeeded.
  bool Succeeded();

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  std::optional<grpc::Status> status_;
  std::multimap<std::string, std::string> trailers_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_LIST_READER_H_

// grpc-call: a small gRPC client for the command line, JSON in and JSON out. It takes grpcurl's
// arguments and, like grpcurl, reads the API from the server's reflection service. So the README's
// recipes run on a machine without grpcurl.
//
//   grpc-call -plaintext HOST:PORT list [SERVICE]
//   grpc-call -plaintext HOST:PORT describe SYMBOL
//   grpc-call -plaintext -d '{"limit": 3}' HOST:PORT paynow.management.v1.OrdersService/GetOrders
//   grpc-call -plaintext -v -H 'idempotency-key: refund-7' -d ... HOST:PORT .../RefundOrder
//
// -H sends metadata, and may come more than once; -v prints the trailers, on standard error.
//
// Exits with 0 for OK, with 2 for wrong arguments or a request that is not valid, otherwise with 64
// + the status code. Code, message and details of a failed call are printed on standard error.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tools/grpc_call/local_connect.h"
#include "tools/grpc_call/reflection.h"
#include "tools/grpc_call/wire.h"

namespace gateway::grpc_call {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr char kUsage[] =
    "Usage: grpc-call [-plaintext] HOST:PORT list [SERVICE]\n"
    "       grpc-call [-plaintext] HOST:PORT describe SYMBOL\n"
    "       grpc-call [-plaintext] [-v] [-H 'NAME: VALUE']... [-d JSON] HOST:PORT SERVICE/METHOD\n";
constexpr int kBadRequest = 2;
constexpr int kStatusBase = 64;
constexpr auto kTimeout = std::chrono::seconds(30);

struct Arguments {
  std::string data = "{}";
  std::vector<std::pair<std::string, std::string>> metadata;
  bool verbose = false;
  std::vector<std::string> words;  // the address, then the command or the method to call
};

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    if (argument == "-plaintext") continue;
    if (argument == "-v") {
      arguments.verbose = true;
      continue;
    }
    if (argument == "-H" && i + 1 < argc) {
      const std::pair<std::string, std::string> header =
          absl::StrSplit(argv[++i], absl::MaxSplits(':', 1));
      arguments.metadata.emplace_back(absl::AsciiStrToLower(header.first),
                                      absl::StripAsciiWhitespace(header.second));
      continue;
    }
    if (argument == "-d" && i + 1 < argc) {
      arguments.data = argv[++i];
    } else if (!argument.empty() && argument[0] != '-') {
      arguments.words.emplace_back(argument);
    } else {
      return std::nullopt;
    }
  }
  if (arguments.words.size() < 2) return std::nullopt;
  const std::string& verb = arguments.words[1];
  const size_t least = verb == "describe" ? 3 : 2;
  const size_t most = verb == "list" ? 3 : least;
  if (arguments.words.size() < least || arguments.words.size() > most) return std::nullopt;
  return arguments;
}

int PrintError(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kInvalidArgument
             ? kBadRequest
             : kStatusBase + static_cast<int>(status.code());
}

int PrintError(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  details.set_code(status.error_code());
  details.set_message(status.error_message());
  std::fprintf(stderr, "ERROR\n%s", ToJson(details).c_str());
  return kStatusBase + status.error_code();
}

int ListServices(Reflection& reflection) {
  const auto services = reflection.Services();
  if (!services.ok()) return PrintError(services.status());
  for (const std::string& service : *services) std::printf("%s\n", service.c_str());
  return 0;
}

int ListMethods(Reflection& reflection, const std::string& name) {
  if (const absl::Status status = reflection.Load(name); !status.ok()) return PrintError(status);
  const ServiceDescriptor* const service = reflection.pool().FindServiceByName(name);
  if (service == nullptr) return PrintError(absl::NotFoundError(name + " is not a service"));
  for (int i = 0; i < service->method_count(); ++i) {
    std::printf("%s\n", service->method(i)->full_name().c_str());
  }
  return 0;
}

// Returns the kind of the symbol and its declaration, for example "a service:\nservice ...". Empty
// if the symbol is unknown.
std::string Declaration(const DescriptorPool& pool, const std::string& symbol) {
  if (const auto* service = pool.FindServiceByName(symbol)) {
    return "a service:\n" + service->DebugString();
  }
  if (const auto* method = pool.FindMethodByName(symbol)) {
    return "a method:\n" + method->DebugString();
  }
  if (const auto* message = pool.FindMessageTypeByName(symbol)) {
    return "a message:\n" + message->DebugString();
  }
  if (const auto* enumeration = pool.FindEnumTypeByName(symbol)) {
    return "an enum:\n" + enumeration->DebugString();
  }
  return "";
}

int Describe(Reflection& reflection, const std::string& symbol) {
  if (const absl::Status status = reflection.Load(symbol); !status.ok()) return PrintError(status);
  const std::string declaration = Declaration(reflection.pool(), symbol);
  if (declaration.empty()) return PrintError(absl::NotFoundError(symbol + " is not declared"));
  std::printf("%s is %s", symbol.c_str(), declaration.c_str());
  return 0;
}

void PrintTrailers(const grpc::ClientContext& context) {
  for (const auto& [name, value] : context.GetServerTrailingMetadata()) {
    if (absl::EndsWith(absl::string_view(name.data(), name.size()), "-bin")) continue;
    std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(name.size()), name.data(),
                 static_cast<int>(value.size()), value.data());
  }
}

// One call. Each method starts one operation of the call and waits until the operation has
// finished.
class Exchange {
 public:
  Exchange(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
           const Arguments& arguments)
      : stub_(channel), verbose_(arguments.verbose) {
    for (const auto& [name, value] : arguments.metadata) context_.AddMetadata(name, value);
    context_.set_deadline(std::chrono::system_clock::now() + kTimeout);
    call_ = stub_.PrepareCall(&context_, path, &queue_);
    call_->StartCall(nullptr);
    Succeeded();
  }

  void Send(const grpc::ByteBuffer& request) {
    call_->WriteLast(request, grpc::WriteOptions(), nullptr);
    Succeeded();
  }

  // Returns false if no further reply comes.
  bool Receive(grpc::ByteBuffer& reply) {
    call_->Read(&reply, nullptr);
    return Succeeded();
  }

  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Succeeded();
    if (verbose_) PrintTrailers(context_);
    return status;
  }

 private:
  bool Succeeded() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  const bool verbose_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

int Call(const std::shared_ptr<grpc::Channel>& channel, Reflection& reflection,
         const Arguments& arguments) {
  std::string name = arguments.words[1];
  std::replace(name.begin(), name.end(), '/', '.');
  if (const absl::Status status = reflection.Load(name); !status.ok()) return PrintError(status);
  const MethodDescriptor* const method = reflection.pool().FindMethodByName(name);
  if (method == nullptr) return PrintError(absl::NotFoundError(name + " is not a method"));
  const auto request = FromJson(*method->input_type(), arguments.data);
  if (!request.ok()) {
    return PrintError(
        absl::InvalidArgumentError(absl::StrCat("request: ", request.status().message())));
  }
  const std::string path = absl::StrCat("/", method->service()->full_name(), "/", method->name());
  Exchange exchange(channel, path, arguments);
  exchange.Send(*request);
  grpc::ByteBuffer reply;
  while (exchange.Receive(reply)) {
    const auto json = ToJson(*method->output_type(), reply);
    if (!json.ok()) return PrintError(absl::InternalError(json.status().message()));
    std::fputs(json->c_str(), stdout);
  }
  const grpc::Status status = exchange.Finish();
  return status.ok() ? 0 : PrintError(status);
}

int Run(const Arguments& arguments) {
  const auto channel = grpc::CreateChannel(arguments.words[0], grpc::InsecureChannelCredentials());
  Reflection reflection(channel);
  const std::string& verb = arguments.words[1];
  if (verb == "describe") return Describe(reflection, arguments.words[2]);
  if (verb != "list") return Call(channel, reflection, arguments);
  return arguments.words.size() == 2 ? ListServices(reflection)
                                     : ListMethods(reflection, arguments.words[2]);
}

}  // namespace
}  // namespace gateway::grpc_call

int main(int argc, char** argv) {
  // Links in the descriptor of ErrorInfo, so that error details can be printed as JSON.
  google::rpc::ErrorInfo::descriptor();
  const auto arguments = gateway::grpc_call::Parse(argc, argv);
  if (!arguments) {
    std::fputs(gateway::grpc_call::kUsage, stderr);
    return gateway::grpc_call::kBadRequest;
  }
  return gateway::grpc_call::Run(*arguments);
}

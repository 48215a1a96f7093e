#include "tests/upstream/mapping/shop.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "upstream/mapping/descriptors.h"

extern "C" const char shop_descriptors[];
extern "C" const char shop_descriptors_end[];

namespace gateway::mapping::shop {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::TextFormat;

constexpr absl::string_view kPackage = "test.shop.v1.";

[[noreturn]] void Stop(absl::string_view why) {
  std::fprintf(stderr, "%s\n", std::string(why).c_str());
  std::abort();
}

const google::protobuf::Descriptor& DescriptorOf(absl::string_view type) {
  Routes();  // adds the files to the pool
  const auto* found =
      DescriptorPool::generated_pool()->FindMessageTypeByName(absl::StrCat(kPackage, type));
  if (found == nullptr) Stop(absl::StrCat("no message type ", type));
  return *found;
}

}  // namespace

const RouteTable& Routes() {
  static const RouteTable& routes = *[] {
    auto files = AddDescriptorSet(
        {shop_descriptors, static_cast<size_t>(shop_descriptors_end - shop_descriptors)});
    if (!files.ok()) Stop(files.status().ToString());
    auto table = RouteTable::Compile(*files);
    if (!table.ok()) Stop(table.status().ToString());
    return table->release();
  }();
  return routes;
}

const Route& RouteOf(absl::string_view method) {
  const std::string name = absl::StrCat(kPackage, "ShopService.", method);
  for (const Route& route : Routes().routes()) {
    if (route.full_name == name) return route;
  }
  Stop(absl::StrCat("no route ", name));
}

const MessagePlan& PlanOf(absl::string_view type) {
  static Plans& plans = *new Plans;
  auto plan = plans.Compile(DescriptorOf(type));
  if (!plan.ok()) Stop(plan.status().ToString());
  return **plan;
}

std::unique_ptr<Message> New(absl::string_view type) {
  static auto& factory = *new google::protobuf::DynamicMessageFactory;
  return std::unique_ptr<Message>(factory.GetPrototype(&DescriptorOf(type))->New());
}

std::string Wire(absl::string_view type, absl::string_view text) {
  const auto message = New(type);
  if (!TextFormat::ParseFromString(std::string(text), message.get())) {
    Stop(absl::StrCat("not a ", type, ": ", text));
  }
  return message->SerializeAsString();
}

std::string Text(absl::string_view type, absl::string_view bytes) {
  const auto message = New(type);
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "unparsable";
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*message, &text);
  return text;
}

std::string Normal(absl::string_view type, absl::string_view text) {
  return Text(type, Wire(type, text));
}

Written Write(absl::string_view method, absl::string_view bytes) {
  return WriteRequest(RouteOf(method), bytes, {.base_url = "https://shop.test"});
}

Written WriteText(absl::string_view method, absl::string_view text) {
  return Write(method, Wire(RouteOf(method).request->full_name.substr(kPackage.size()), text));
}

std::string MixBody(absl::string_view everything_text) {
  return MixBodyOfBytes(Wire("Everything", everything_text));
}

std::string MixBodyOfBytes(absl::string_view everything_bytes) {
  std::string request = Wire("MixRequest", "stand_id: '1' reasons: 'r'");
  // stand_id, body, reasons: in the order of their field numbers.
  const size_t before_reasons = Wire("MixRequest", "stand_id: '1'").size();
  request.insert(before_reasons, BytesField(2, everything_bytes));
  const Written written = Write("Mix", request);
  if (const auto* sent = std::get_if<RestRequest>(&written)) return sent->http.body;
  return absl::StrCat("refused: ", Violated(written));
}

std::string VarintBytes(uint64_t value) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream(&stream).WriteVarint64(value);
  return bytes;
}

std::string VarintField(uint32_t number, uint64_t value) {
  return VarintBytes(uint64_t{number} << 3) + VarintBytes(value);
}

std::string BytesField(uint32_t number, absl::string_view bytes) {
  return absl::StrCat(VarintBytes(uint64_t{number} << 3 | 2), VarintBytes(bytes.size()), bytes);
}

std::string Fixed64Field(uint32_t number, uint64_t bits) {
  std::string bytes = VarintBytes(uint64_t{number} << 3 | 1);
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(bits >> shift));
  return bytes;
}

std::string Violated(const Written& written) {
  const auto* failure = std::get_if<Failure>(&written);
  if (failure == nullptr) return "nothing";
  if (failure->violations.empty()) return failure->message;
  std::string text;
  for (const Violation& violation : failure->violations) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", violation.field, ": ", violation.description);
  }
  return text;
}

http::Response ResponseOf(int status, absl::string_view body, absl::string_view headers) {
  http::Response response;
  response.status = status;
  response.headers = std::string(headers);
  response.body.reserve(body.size() + http::kBodyPadding);
  response.body.assign(body.data(), body.size());
  return response;
}

Read ReadJson(absl::string_view method, absl::string_view body, int status) {
  return ReadReply(RouteOf(method), ResponseOf(status, body));
}

std::string ReadText(absl::string_view method, absl::string_view body, int status) {
  const Read read = ReadJson(method, body, status);
  if (const auto* failure = std::get_if<Failure>(&read)) {
    return absl::StrCat("failed: ", failure->message);
  }
  const Route& route = RouteOf(method);
  const std::string& message = std::get<Reply>(read).message;
  if (route.reply == nullptr) return message.empty() ? "" : "unexpected bytes";
  return Text(route.reply->full_name.substr(kPackage.size()), message);
}

}  // namespace gateway::mapping::shop

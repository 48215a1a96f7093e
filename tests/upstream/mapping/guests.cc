#include "tests/upstream/mapping/guests.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "upstream/mapping/descriptors.h"

extern "C" const char guests_descriptors[];
extern "C" const char guests_descriptors_end[];

namespace gateway::mapping::guests {
namespace {

using google::protobuf::Message;
using google::protobuf::TextFormat;

[[noreturn]] void Stop(absl::string_view why) {
  std::fprintf(stderr, "%s\n", std::string(why).c_str());
  std::abort();
}

std::unique_ptr<Message> New(const std::string& type) {
  static auto& factory = *new google::protobuf::DynamicMessageFactory;
  const auto* found =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (found == nullptr) Stop("no message type " + type);
  return std::unique_ptr<Message>(factory.GetPrototype(found)->New());
}

}  // namespace

const std::vector<const google::protobuf::FileDescriptor*>& Files() {
  static const auto& files = *[] {
    auto added = AddDescriptorSet(
        {guests_descriptors, static_cast<size_t>(guests_descriptors_end - guests_descriptors)});
    if (!added.ok()) Stop(added.status().ToString());
    return new std::vector<const google::protobuf::FileDescriptor*>(*added);
  }();
  return files;
}

std::unique_ptr<const RouteTable> RoutesWith(const Overrides& overrides) {
  auto table = RouteTable::Compile(Files(), overrides);
  if (!table.ok()) Stop(table.status().ToString());
  return *std::move(table);
}

const RouteTable& Routes() {
  static const RouteTable& routes = *RoutesWith({}).release();
  return routes;
}

const Route& RouteOf(const RouteTable& routes, absl::string_view method) {
  for (const Route& route : routes.routes()) {
    const absl::string_view name = route.full_name;
    if (name.size() > method.size() && name.substr(name.size() - method.size()) == method) {
      return route;
    }
  }
  Stop(absl::StrCat("no route ", method));
}

shop::Written Write(const Route& route, absl::string_view text,
                    std::optional<absl::string_view> key) {
  const auto message = New(route.request->full_name);
  if (!TextFormat::ParseFromString(std::string(text), message.get())) {
    Stop(absl::StrCat("not a ", route.request->full_name, ": ", text));
  }
  return WriteRequest(route, message->SerializeAsString(),
                      {.base_url = "https://guest.test",
                       .default_tenant = "",
                       .idempotency_key = key,
                       .now = absl::FromUnixSeconds(kNow)});
}

std::string Sent(const Route& route, absl::string_view text) {
  const shop::Written written = Write(route, text);
  const auto* sent = std::get_if<RestRequest>(&written);
  if (sent == nullptr) return absl::StrCat("refused: ", shop::Violated(written));
  const http::Request& request = sent->http;
  return absl::StrCat(http::Name(request.method), " ", request.url,
                      request.has_body ? " " + request.body : "");
}

std::string Read(const Route& route, absl::string_view json) {
  const auto read = ReadReply(route, shop::ResponseOf(200, json));
  if (const auto* failure = std::get_if<Failure>(&read)) {
    return absl::StrCat("failed: ", failure->message);
  }
  const auto message = New(route.reply->full_name);
  if (!message->ParseFromString(std::get<Reply>(read).message)) return "unparsable";
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*message, &text);
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace gateway::mapping::guests

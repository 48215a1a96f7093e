#include "tools/apigen/merge/streams.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"

namespace gateway::apigen {
namespace {

constexpr char kLimit[] = "limit";
constexpr char kAfter[] = "after";
constexpr char kBefore[] = "before";
constexpr char kOldestFirst[] = "asc";
constexpr char kId[] = "id";

const Field* Find(const Message& message, absl::string_view name) {
  const auto found = std::find_if(message.fields.begin(), message.fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == message.fields.end() ? nullptr : &*found;
}

const Message* Find(const Contract& contract, const std::string& name) {
  const auto found = contract.messages.find(name);
  return found == contract.messages.end() ? nullptr : &found->second;
}

// The repeated field that holds the items; null if the RPC is no paged list.
const Field* ItemsOf(const Method& method, const Contract& contract) {
  const Message* const request = Find(contract, method.input);
  const Message* const reply = Find(contract, method.output);
  if (request == nullptr || reply == nullptr) return nullptr;
  for (const char* const name : {kLimit, kAfter, kBefore, kOldestFirst}) {
    if (Find(*request, name) == nullptr) return nullptr;
  }
  const bool bounded =
      Find(*request, kLimit)->options.GetExtension(gateway::v1::field).has_maximum();
  const Field* const items =
      Find(*reply, method.options.GetExtension(google::api::http).response_body());
  if (!bounded || items == nullptr || items->label != Label::kRepeated) return nullptr;
  const Message* const item = Find(contract, items->type);
  const Field* const id = item == nullptr ? nullptr : Find(*item, kId);
  return id != nullptr && id->type == "string" ? items : nullptr;
}

std::string NameOf(const Method& list) {
  absl::string_view name = list.name;
  if (!absl::ConsumePrefix(&name, "Get")) absl::ConsumePrefix(&name, "List");
  return absl::StrCat("Stream", name);
}

std::string CommentOn(const Method& list) {
  return absl::StrCat(" ", list.name, " as a stream, the oldest first.\n",
                      " `after` is where it begins: the `cursor` of the item that was seen last, "
                      "also in a later call.\n",
                      " What fits the request all the time comes, and nothing comes twice. What is "
                      "made meanwhile comes\n",
                      " at the end. What may be missed: an item that is deleted, or fits the "
                      "request no longer, before\n",
                      " its page is read; one that fits it only when its place has passed; and "
                      "every change after its\n",
                      " page was read. `before` and `asc` must not be set. `limit` is the size of "
                      "a page, the most that\n",
                      " it may be unless set.\n");
}

Method StreamOf(const Method& list, const Field& items) {
  Method stream;
  stream.name = NameOf(list);
  stream.input = list.input;
  stream.output = absl::StrCat(stream.name, "Response");
  stream.streams = true;
  stream.comments.leading = CommentOn(list);
  stream.options.set_idempotency_level(google::protobuf::MethodOptions::NO_SIDE_EFFECTS);
  if (list.options.deprecated()) stream.options.set_deprecated(true);
  auto& pages = *stream.options.MutableExtension(gateway::v1::method)->mutable_pages();
  pages.set_list(list.name);
  pages.set_items(items.name);
  pages.set_id(kId);
  pages.set_cursor(kAfter);
  pages.set_limit(kLimit);
  pages.set_oldest_first(kOldestFirst);
  pages.add_unused(kBefore);
  return stream;
}

Message MessageOf(const Method& stream, const Field& items) {
  Message message;
  message.name = stream.output;
  Field item;
  item.name = "item";
  item.number = 1;
  item.type = items.type;
  Field cursor;
  cursor.name = "cursor";
  cursor.number = 2;
  cursor.type = "string";
  cursor.comments.leading = " The value of `after` for what follows this item.\n";
  message.fields = {std::move(item), std::move(cursor)};
  return message;
}

// Copies the comments of the stream's committed reply message to `message`.
void KeepComments(const Message& committed, Message& message) {
  message.comments = committed.comments;
  for (Field& field : message.fields) {
    if (const Field* const before = Find(committed, field.name)) field.comments = before->comments;
  }
}

class Adder {
 public:
  Adder(const Streams& committed, Contract& contract)
      : committed_(committed), contract_(contract) {}

  void AddTo(Service& service) {
    std::vector<Method> methods;
    for (Method& list : service.methods) {
      const Field* const items = ItemsOf(list, contract_);
      std::vector<Method> more;
      if (items != nullptr && IsFree(service, NameOf(list)))
        more.push_back(Make(service, list, *items));
      methods.push_back(std::move(list));
      for (Method& stream : more) methods.push_back(std::move(stream));
    }
    service.methods = std::move(methods);
  }

 private:
  bool IsFree(const Service& service, const std::string& name) const {
    const bool is_method = std::any_of(service.methods.begin(), service.methods.end(),
                                       [&](const Method& method) { return method.name == name; });
    const std::string output = absl::StrCat(name, "Response");
    return !is_method && contract_.messages.count(output) == 0 &&
           contract_.enums.count(output) == 0;
  }

  Method Make(const Service& service, const Method& list, const Field& items) {
    Method stream = StreamOf(list, items);
    const auto before = committed_.methods.find(absl::StrCat(service.name, ".", stream.name));
    if (before != committed_.methods.end()) stream.comments = before->second.comments;
    Message message = MessageOf(stream, items);
    const auto written = committed_.messages.find(message.name);
    if (written != committed_.messages.end()) KeepComments(written->second, message);
    contract_.messages.emplace(message.name, std::move(message));
    return stream;
  }

  const Streams& committed_;
  Contract& contract_;
};

}  // namespace

Streams TakeStreams(Contract& contract) {
  Streams streams;
  for (Service& service : contract.services) {
    const auto first = std::stable_partition(service.methods.begin(), service.methods.end(),
                                             [](const Method& method) { return !method.streams; });
    for (auto stream = first; stream != service.methods.end(); ++stream) {
      auto message = contract.messages.extract(stream->output);
      if (!message.empty()) streams.messages.insert(std::move(message));
      streams.methods.emplace(absl::StrCat(service.name, ".", stream->name), std::move(*stream));
    }
    service.methods.erase(first, service.methods.end());
  }
  return streams;
}

void AddStreams(const Streams& committed, Contract& contract) {
  for (Service& service : contract.services) Adder(committed, contract).AddTo(service);
}

}  // namespace gateway::apigen

#include "upstream/webhooks/facts.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "upstream/mapping/credential.h"

namespace gateway::webhooks {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kTimestamp[] = "google.protobuf.Timestamp";

// Compiles one fact.
class FactCompiler {
 public:
  FactCompiler(const std::string& provider, const signing::v1::Fact& option)
      : place_(
            absl::StrCat(provider, ": fact ", option.types().empty() ? "" : option.types(0), ": ")),
        option_(option) {}

  absl::StatusOr<Fact> Compile(const mapping::RouteTable& routes,
                               google::protobuf::DynamicMessageFactory& messages) {
    if (option_.types().empty()) return Bad("types", "at least one is required");
    if (option_.id().empty()) return Bad("id", "is required");
    fact_.type = option_.types(0);
    const std::string path = absl::StrCat("/", option_.list());
    const auto list =
        std::find_if(routes.lists().begin(), routes.lists().end(),
                     [&](const mapping::PagedList& one) { return one.rpc_path == path; });
    if (list == routes.lists().end()) {
      return Bad("list", "no RPC of this name has the option pages");
    }
    fact_.list = &*list;
    const Descriptor& item = ItemOf(*list);
    fact_.item = messages.GetPrototype(&item);
    absl::Status status = Fields(item);
    if (!status.ok()) return status;
    return fact_;
  }

 private:
  absl::Status Bad(absl::string_view part, absl::string_view reason) const {
    return absl::InvalidArgumentError(absl::StrCat(place_, part, ": ", reason));
  }

  // Returns the type of the list's items, from the pool of the served protos, which may differ from
  // the protos in the program.
  static const Descriptor& ItemOf(const mapping::PagedList& list) {
    const Descriptor& request = *list.page->request_prototype->GetDescriptor();
    const auto* const method = request.file()->pool()->FindMethodByName(list.full_name);
    return *method->output_type()
                ->FindFieldByNumber(static_cast<int>(list.to_item))
                ->message_type();
  }

  absl::Status Fields(const Descriptor& item) {
    const Descriptor* object = &item;
    if (!option_.find().empty()) {
      fact_.find = item.FindFieldByName(option_.find());
      if (fact_.find == nullptr || !fact_.find->is_repeated() ||
          fact_.find->message_type() == nullptr) {
        return Bad("find", absl::StrCat(item.full_name(), " has no such list of messages"));
      }
      object = fact_.find->message_type();
    }
    absl::Status status = Text(*object, "object_id", option_.object_id(), fact_.object_id);
    if (status.ok()) status = Text(item, "resource", option_.resource(), fact_.resource);
    if (status.ok())
      status = Time(*object, "happened_at", option_.happened_at(), fact_.happened_at);
    if (status.ok()) status = Time(item, "made_at", option_.made_at(), fact_.made_at);
    return status;
  }

  absl::Status Text(const Descriptor& type, absl::string_view part, const std::string& name,
                    const FieldDescriptor*& field) const {
    field = type.FindFieldByName(name);
    const bool fits = field != nullptr && !field->is_repeated() &&
                      field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (fits) return absl::OkStatus();
    return Bad(part, absl::StrCat(type.full_name(), " has no such text"));
  }

  absl::Status Time(const Descriptor& type, absl::string_view part, const std::string& name,
                    const FieldDescriptor*& field) const {
    field = type.FindFieldByName(name);
    const bool fits = field != nullptr && !field->is_repeated() &&
                      field->message_type() != nullptr &&
                      field->message_type()->full_name() == kTimestamp;
    if (fits) return absl::OkStatus();
    return Bad(part, absl::StrCat(type.full_name(), " has no such time"));
  }

  const std::string place_;
  const signing::v1::Fact& option_;
  Fact fact_;
};

// Whether the protos that are served have this RPC. Protos of another version of the API may lack
// the RPC, and protos without the API have no RPC of it.
bool HasRpc(const mapping::RouteTable& routes, absl::string_view rpc) {
  const std::string path = absl::StrCat("/", rpc);
  const auto is_it = [&](const auto& one) { return one.rpc_path == path; };
  return std::any_of(routes.routes().begin(), routes.routes().end(), is_it) ||
         std::any_of(routes.lists().begin(), routes.lists().end(), is_it);
}

std::string TextIn(const Message& message, const FieldDescriptor& field) {
  return message.GetReflection()->GetString(message, &field);
}

// Converts the time through wire format: in a dynamic message, a Timestamp may have another C++
// class, or none.
std::optional<absl::Time> TimeIn(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.HasField(message, &field)) return std::nullopt;
  google::protobuf::Timestamp time;
  time.ParseFromString(reflection.GetMessage(message, &field).SerializeAsString());
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void AddObject(const Fact& fact, Message& object, std::vector<ShownObject>& objects) {
  std::string id = TextIn(object, *fact.object_id);
  const auto happened = TimeIn(object, *fact.happened_at);
  if (id.empty() || !happened) return;
  mapping::ClearCredentials(object);
  google::protobuf::Any any;
  any.set_type_url(absl::StrCat("type.googleapis.com/", object.GetDescriptor()->full_name()));
  any.set_value(object.SerializeAsString());
  objects.push_back({std::move(id), *happened, any.SerializeAsString()});
}

template <typename Value>
const Value& OrNone(const std::map<std::string, Value>& map, const std::string& key) {
  static const auto& none = *new Value;
  const auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

}  // namespace

absl::StatusOr<Facts> Facts::Compile(const Schemes& schemes, const mapping::RouteTable& routes) {
  Facts facts;
  facts.messages_ = std::make_unique<google::protobuf::DynamicMessageFactory>();
  for (const auto& [provider, scheme] : schemes.by_provider()) {
    for (const signing::v1::Fact& option : scheme->fact()) {
      if (!option.list().empty() && !HasRpc(routes, option.list())) {
        auto& types = facts.not_listed_[provider];
        types.insert(types.end(), option.types().begin(), option.types().end());
        continue;
      }
      auto fact = FactCompiler(provider, option).Compile(routes, *facts.messages_);
      if (!fact.ok()) return fact.status();
      facts.by_provider_[provider].push_back(*std::move(fact));
    }
  }
  return facts;
}

const std::vector<Fact>& Facts::Of(const std::string& provider) const {
  return OrNone(by_provider_, provider);
}

const std::vector<std::string>& Facts::NotListed(const std::string& provider) const {
  return OrNone(not_listed_, provider);
}

std::optional<ShownItem> ReadItem(const Fact& fact, absl::string_view bytes) {
  const std::unique_ptr<Message> item(fact.item->New());
  if (!item->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  ShownItem shown;
  shown.made = TimeIn(*item, *fact.made_at);
  shown.resource = TextIn(*item, *fact.resource);
  if (fact.find == nullptr) {
    AddObject(fact, *item, shown.objects);
    return shown;
  }
  const Reflection& reflection = *item->GetReflection();
  for (int i = 0; i < reflection.FieldSize(*item, fact.find); ++i) {
    AddObject(fact, *reflection.MutableRepeatedMessage(item.get(), fact.find, i), shown.objects);
  }
  return shown;
}

}  // namespace gateway::webhooks

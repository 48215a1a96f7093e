#include "upstream/webhooks/current_reads.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/credential.h"
#include "upstream/mapping/wire.h"
#include "upstream/webhooks/event_summary.h"

namespace gateway::webhooks {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using mapping::Route;
using mapping::WireType;
using mapping::WireWriter;

constexpr absl::string_view kTypeUrl = "type.googleapis.com/";
// The fields of google.protobuf.Any.
constexpr uint32_t kUrl = 1;
constexpr uint32_t kValue = 2;

absl::Status BadRead(absl::string_view rpc, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("current: ", rpc, ": ", why));
}

const Route* FindRoute(const mapping::RouteTable& routes, absl::string_view rpc) {
  const std::string path = absl::StrCat("/", rpc);
  const auto found = std::find_if(routes.routes().begin(), routes.routes().end(),
                                  [&](const Route& route) { return route.rpc_path == path; });
  return found == routes.routes().end() ? nullptr : &*found;
}

// Whether the routes have an RPC of the package that `rpc` belongs to.
bool Serves(const mapping::RouteTable& routes, absl::string_view rpc) {
  const absl::string_view service = rpc.substr(0, rpc.find('/'));
  const absl::string_view package = service.substr(0, service.rfind('.') + 1);
  return std::any_of(routes.routes().begin(), routes.routes().end(),
                     [&](const Route& route) { return absl::StartsWith(route.service, package); });
}

const Descriptor& ReplyOf(const Route& route) {
  return *route.request_prototype->GetDescriptor()
              ->file()
              ->pool()
              ->FindMethodByName(route.full_name)
              ->output_type();
}

void WriteText(uint32_t field, absl::string_view text, WireWriter& out) {
  out.Tag(field, WireType::kBytes);
  out.Bytes(text);
}

std::string RequestOf(const Route& route, absl::string_view store,
                      const std::vector<uint32_t>& fields, const std::vector<std::string>& values) {
  std::string request;
  {
    WireWriter out(request);
    if (route.tenant != nullptr && !store.empty()) WriteText(route.tenant->number, store, out);
    for (size_t i = 0; i < values.size(); ++i) WriteText(fields[i], values[i], out);
  }
  return request;
}

}  // namespace

absl::StatusOr<CurrentReads> CurrentReads::Compile(const Schemes& schemes,
                                                   const mapping::RouteTable& routes) {
  CurrentReads all;
  for (const auto& [provider, scheme] : schemes.by_provider()) {
    std::vector<Read>& reads = all.by_provider_[provider];
    for (const signing::v1::Read& option : scheme->current()) {
      if (absl::Status status = all.Add(*scheme, option, routes, reads); !status.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat(provider, ": (gateway.signing.v1.scheme): ", status.message()));
      }
    }
  }
  return all;
}

absl::Status CurrentReads::Add(const Scheme& scheme, const signing::v1::Read& option,
                               const mapping::RouteTable& routes, std::vector<Read>& reads) {
  Read read;
  read.route = FindRoute(routes, option.rpc());
  if (read.route == nullptr) {
    return Serves(routes, option.rpc()) ? BadRead(option.rpc(), "is no RPC of the package")
                                        : absl::OkStatus();
  }
  if (read.route->access != mapping::Access::kRead)
    return BadRead(option.rpc(), "does not only read");
  if (option.argument().empty()) return BadRead(option.rpc(), "has no argument");
  for (const auto& argument : option.argument()) {
    const mapping::FieldPlan* const field = read.route->request->ByName(argument.field());
    if (field == nullptr || field->kind != mapping::Kind::kString ||
        field->cardinality != mapping::Cardinality::kSingular) {
      return BadRead(option.rpc(), absl::StrCat("has no text field ", argument.field()));
    }
    if (!absl::StartsWith(argument.pointer(), "/")) {
      return BadRead(option.rpc(), absl::StrCat("no JSON pointer for ", argument.field()));
    }
    read.fields.push_back(field->number);
    read.pointers.push_back(argument.pointer());
  }
  read.types.assign(option.types().begin(), option.types().end());
  if (absl::Status status = AddTruth(scheme, option, read); !status.ok()) return status;
  const Descriptor& reply = ReplyOf(*read.route);
  if (mapping::HasCredential(reply)) guarded_[read.route] = messages_->GetPrototype(&reply);
  reads.push_back(std::move(read));
  return absl::OkStatus();
}

absl::Status CurrentReads::AddTruth(const Scheme& scheme, const signing::v1::Read& option,
                                    Read& read) {
  if (option.field().empty() && option.any().empty()) {
    return scheme.has_signature()
               ? absl::OkStatus()
               : BadRead(option.rpc(), "needs a field and its values: the provider signs nothing");
  }
  if (option.any().empty()) return BadRead(option.rpc(), "has no value for its field");
  const Descriptor& reply = ReplyOf(*read.route);
  auto field = mapping::ResolveValue(reply, option.field());
  if (!field.ok()) return BadRead(option.rpc(), field.status().message());
  const google::protobuf::EnumDescriptor* const names = field->back()->enum_type();
  for (const std::string& value : option.any()) {
    if (names == nullptr || names->FindValueByName(value) != nullptr) continue;
    return BadRead(option.rpc(), absl::StrCat(option.field(), " has no value ", value));
  }
  auto object_id = mapping::ResolveValue(reply, option.object_id());
  if (!object_id.ok() || object_id->back()->type() != FieldDescriptor::TYPE_STRING) {
    return BadRead(option.rpc(), "needs the text field of its reply that is the object's id");
  }
  read.truth->field = *std::move(field);
  read.truth->object_id = *std::move(object_id);
  read.truth->any.assign(option.any().begin(), option.any().end());
  read.truth->reply = messages_->GetPrototype(&reply);
  return absl::OkStatus();
}

std::optional<CurrentRead> CurrentReads::For(absl::string_view provider, absl::string_view type,
                                             absl::string_view store,
                                             absl::string_view body) const {
  const auto reads = by_provider_.find(provider);
  if (reads == by_provider_.end()) return std::nullopt;
  for (const Read& read : reads->second) {
    const auto& types = read.types;
    if (!types.empty() && std::find(types.begin(), types.end(), type) == types.end()) continue;
    const std::vector<absl::string_view> pointers(read.pointers.begin(), read.pointers.end());
    const std::vector<std::string> values = TextsAt(pointers, body);
    if (values.size() != read.fields.size()) return std::nullopt;
    if (std::find(values.begin(), values.end(), "") != values.end()) continue;
    return CurrentRead{read.route, RequestOf(*read.route, store, read.fields, values),
                       read.truth.get()};
  }
  return std::nullopt;
}

std::optional<std::string> CurrentReads::BornOut(const CurrentRead& read, absl::string_view reply) {
  if (read.truth == nullptr || read.truth->field.empty()) return std::nullopt;
  const std::unique_ptr<Message> message(read.truth->reply->New());
  if (!message->ParsePartialFromArray(reply.data(), static_cast<int>(reply.size()))) {
    return std::nullopt;
  }
  const std::optional<std::string> value = mapping::TextAt(*message, read.truth->field);
  const auto& any = read.truth->any;
  if (!value || std::find(any.begin(), any.end(), *value) == any.end()) return std::nullopt;
  std::optional<std::string> id = mapping::TextAt(*message, read.truth->object_id);
  return id && !id->empty() ? id : std::nullopt;
}

std::string CurrentReads::Show(const Route& route, absl::string_view reply) const {
  std::string without;
  if (const auto guarded = guarded_.find(&route); guarded != guarded_.end()) {
    const std::unique_ptr<Message> message(guarded->second->New());
    // Cannot fail: the reply was made from the same descriptor.
    message->ParsePartialFromArray(reply.data(), static_cast<int>(reply.size()));
    mapping::ClearCredentials(*message);
    without = message->SerializePartialAsString();
    reply = without;
  }
  std::string any;
  {
    WireWriter out(any);
    WriteText(kUrl, absl::StrCat(kTypeUrl, ReplyOf(route).full_name()), out);
    WriteText(kValue, reply, out);
  }
  return any;
}

}  // namespace gateway::webhooks

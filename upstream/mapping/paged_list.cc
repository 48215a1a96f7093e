#include "upstream/mapping/paged_list.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "upstream/mapping/route.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

constexpr char kItem[] = "item";
constexpr char kCursor[] = "cursor";

// Compiles one RPC.
class ListCompiler {
 public:
  ListCompiler(const MethodDescriptor& method, const std::vector<Route>& routes)
      : method_(method), rules_(method.options().GetExtension(v1::method).pages()) {
    list_.full_name = method.full_name();
    list_.rpc_path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
    const std::string page = absl::StrCat(method.service()->full_name(), ".", rules_.list());
    const auto route = std::find_if(routes.begin(), routes.end(),
                                    [&](const Route& r) { return r.full_name == page; });
    if (route != routes.end()) list_.page = &*route;
  }

  absl::StatusOr<PagedList> Compile() {
    if (!method_.server_streaming() || method_.client_streaming() ||
        method_.options().HasExtension(google::api::http)) {
      return Bad("an RPC with `pages` answers with a stream, and has no http rule");
    }
    if (list_.page == nullptr || list_.page->access == Access::kWrite) {
      return Bad(absl::StrCat(rules_.list(), " is no read of this service"));
    }
    if (method_.input_type()->full_name() != list_.page->request->full_name) {
      return Bad(absl::StrCat("must take the request of ", rules_.list()));
    }
    absl::Status status = Request();
    if (status.ok()) status = Reply();
    if (!status.ok()) return status;
    return list_;
  }

 private:
  absl::Status Bad(absl::string_view reason) const {
    return absl::InvalidArgumentError(absl::StrCat(method_.full_name(), ": pages: ", reason));
  }

  // A field of the request that goes into the query.
  absl::StatusOr<const FieldPlan*> Parameter(const std::string& name) const {
    const FieldPlan* const field = list_.page->request->ByName(name);
    if (field == nullptr || field->cardinality != Cardinality::kSingular ||
        list_.page->places[field->index] != Place::kQuery) {
      return Bad(absl::StrCat(name, " is no query parameter of the list"));
    }
    return field;
  }

  absl::Status Request() {
    const absl::StatusOr<const FieldPlan*> cursor = Parameter(rules_.cursor());
    if (!cursor.ok()) return cursor.status();
    const absl::StatusOr<const FieldPlan*> limit = Parameter(rules_.limit());
    if (!limit.ok()) return limit.status();
    if ((*cursor)->kind != Kind::kString) return Bad("the cursor must be a string");
    const bool whole = (*limit)->kind == Kind::kInt32 || (*limit)->kind == Kind::kInt64;
    if (!whole || !(*limit)->maximum) return Bad("the limit must be a number with a maximum");
    list_.cursor = *cursor;
    list_.limit = *limit;
    for (const std::string& name : rules_.unused()) {
      const absl::StatusOr<const FieldPlan*> field = Parameter(name);
      if (!field.ok()) return field.status();
      list_.unused.Insert((*field)->index);
    }
    if (rules_.oldest_first().empty()) return absl::OkStatus();
    const absl::StatusOr<const FieldPlan*> oldest_first = Parameter(rules_.oldest_first());
    if (!oldest_first.ok()) return oldest_first.status();
    if ((*oldest_first)->kind != Kind::kBool) return Bad("oldest_first must name a bool");
    list_.oldest_first = *oldest_first;
    list_.unused.Insert((*oldest_first)->index);
    return absl::OkStatus();
  }

  absl::Status Reply() {
    const FieldPlan* const items =
        list_.page->reply == nullptr ? nullptr : list_.page->reply->ByName(rules_.items());
    if (items == nullptr || items->cardinality != Cardinality::kRepeated ||
        items->message == nullptr) {
      return Bad(absl::StrCat(rules_.items(), " is no list of messages in the reply"));
    }
    const FieldPlan* const id = items->message->ByName(rules_.id());
    if (id == nullptr || id->kind != Kind::kString || id->cardinality != Cardinality::kSingular) {
      return Bad(absl::StrCat(rules_.id(), " is no string of an item"));
    }
    const FieldDescriptor* const item = method_.output_type()->FindFieldByName(kItem);
    const FieldDescriptor* const cursor = method_.output_type()->FindFieldByName(kCursor);
    const bool fits = item != nullptr && !item->is_repeated() && item->message_type() != nullptr &&
                      item->message_type()->full_name() == items->message->full_name &&
                      cursor != nullptr && !cursor->is_repeated() &&
                      cursor->type() == FieldDescriptor::TYPE_STRING &&
                      method_.output_type()->field_count() == 2;
    if (!fits) return Bad("the stream's message must have two fields, the item and its cursor");
    list_.items = items->number;
    list_.id = id->number;
    list_.to_item = static_cast<uint32_t>(item->number());
    list_.to_cursor = static_cast<uint32_t>(cursor->number());
    return absl::OkStatus();
  }

  const MethodDescriptor& method_;
  const v1::Pages& rules_;
  PagedList list_;
};

void AddString(uint32_t number, absl::string_view value, std::string& message) {
  WireWriter writer(message);
  writer.Tag(number, WireType::kBytes);
  writer.Bytes(value);
}

void AddNumber(uint32_t number, uint64_t value, std::string& message) {
  WireWriter writer(message);
  writer.Tag(number, WireType::kVarint);
  writer.Varint(value);
}

// Compares numbers in decimal digits. Without leading zeros, the longer number is greater.
bool IsGreater(absl::string_view a, absl::string_view b) {
  a = a.substr(std::min(a.find_first_not_of('0'), a.size()));
  b = b.substr(std::min(b.find_first_not_of('0'), b.size()));
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

Failure BadRequest(std::vector<Violation> violations, absl::string_view message) {
  Failure failure = NotSent(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", message);
  failure.violations = std::move(violations);
  return failure;
}

}  // namespace

absl::StatusOr<std::vector<PagedList>> CompilePagedLists(
    const std::vector<const FileDescriptor*>& files, const std::vector<Route>& routes) {
  std::vector<PagedList> lists;
  for (const FileDescriptor* const file : files) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int m = 0; m < file->service(i)->method_count(); ++m) {
        const MethodDescriptor& method = *file->service(i)->method(m);
        if (!method.options().GetExtension(v1::method).has_pages()) continue;
        absl::StatusOr<PagedList> list = ListCompiler(method, routes).Compile();
        if (!list.ok()) return list.status();
        lists.push_back(*std::move(list));
      }
    }
  }
  return lists;
}

std::string PagedList::Message(absl::string_view item, absl::string_view item_id) const {
  std::string message;
  message.reserve(item.size() + item_id.size() + 16);
  AddString(to_item, item, message);
  AddString(to_cursor, item_id, message);
  return message;
}

std::variant<PageRequests, Failure> PageRequests::Read(const PagedList& list,
                                                       absl::string_view message) {
  PageRequests requests(list);
  Violations violations;
  bool has_limit = false;
  WireReader reader(message);
  while (!reader.done()) {
    const char* const begin = reader.position();
    uint32_t number = 0;
    WireValue value;
    if (!reader.ReadField(number, value)) {
      return BadRequest({},
                        absl::StrCat("the request is not a valid ", list.page->request->full_name));
    }
    const FieldPlan* const field = list.page->request->ByNumber(number);
    if (field == list.cursor && value.type == WireType::kBytes) {
      requests.begin_ = std::string(value.bytes);
      continue;
    }
    if (field != nullptr && list.unused.Contains(field->index)) {
      violations.Add({nullptr, field->name}, "must not be set: a stream has an order of its own");
      continue;
    }
    has_limit = has_limit || field == list.limit;
    requests.common_.append(begin, reader.position());
  }
  if (!violations.empty()) {
    return BadRequest(violations.Take(), "the request has a field that a stream has no use for");
  }
  if (!has_limit) {
    AddNumber(list.limit->number, static_cast<uint64_t>(*list.limit->maximum), requests.common_);
  }
  if (list.oldest_first != nullptr) AddNumber(list.oldest_first->number, 1, requests.common_);
  return requests;
}

std::string PageRequests::After(absl::string_view id) const {
  std::string request = common_;
  if (!id.empty()) AddString(list_->cursor->number, id, request);
  return request;
}

std::optional<PageItems::Item> PageItems::Next() {
  uint32_t number = 0;
  WireValue value;
  while (!reader_.done() && reader_.ReadField(number, value)) {
    if (number != list_.items) continue;
    Item item{value.bytes, {}};
    ++count_;
    WireReader members(item.bytes);
    while (!members.done() && members.ReadField(number, value)) {
      if (number == list_.id) item.id = value.bytes;
    }
    return item;
  }
  return std::nullopt;
}

IdOrder::IdOrder(const PagedList& list, absl::string_view begin)
    : rises_(list.oldest_first != nullptr), last_(begin) {
  if (!rises_ && !begin.empty()) page_before_.insert(last_);
}

bool IdOrder::Accept(absl::string_view id) {
  if (!rises_) return !page_before_.contains(id) && page_.emplace(id).second;
  if (!last_.empty() && !IsGreater(id, last_)) return false;
  last_ = std::string(id);
  return true;
}

void IdOrder::EndPage() {
  page_before_ = std::move(page_);
  page_.clear();
}

}  // namespace gateway::mapping

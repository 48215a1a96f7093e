// An RPC with the option `pages` (gateway/v1/annotations.proto): it answers with a stream of the
// items of all pages of a list. The pages come from the route of that list. Compiled at start.
//
//   part                 what it does
//   PageRequests::Read   the stream's request -> the requests of its pages
//   PageItems            one page's reply -> its items, each with its id
//   IdOrder              whether ids come as the stream promises
//   PagedList::Message   item and id -> the stream's next message
//
// Thread-safety: PagedList is immutable; the others belong to one thread at a time.
// Lifetime: a PagedList lives as long as the RouteTable that made it.
#ifndef UPSTREAM_MAPPING_PAGED_LIST_H_
#define UPSTREAM_MAPPING_PAGED_LIST_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

struct Route;

struct PagedList {
  std::string full_name;  // "paynow.management.v1.OrdersService.StreamOrders"
  std::string rpc_path;   // "/paynow.management.v1.OrdersService/StreamOrders"
  const Route* page = nullptr;

  // Fields of the request.
  const FieldPlan* cursor = nullptr;
  const FieldPlan* limit = nullptr;
  const FieldPlan* oldest_first = nullptr;  // null: the order is the upstream's
  FieldSet unused;                          // the caller must not set them

  // Field numbers: `items` in the page's reply, `id` in an item, and the last two in the stream's
  // message.
  uint32_t items = 0;
  uint32_t id = 0;
  uint32_t to_item = 0;
  uint32_t to_cursor = 0;

  // The stream's message for one item.
  std::string Message(absl::string_view item, absl::string_view item_id) const;
};

// Compiles all RPCs with the option. INVALID_ARGUMENT names the RPC, and says why it does not fit
// the list that it names. `routes` must outlive the result.
absl::StatusOr<std::vector<PagedList>> CompilePagedLists(
    const std::vector<const google::protobuf::FileDescriptor*>& files,
    const std::vector<Route>& routes);

class PageRequests {
 public:
  // Returns a Failure with outcome kNotSent for bytes that are no request, and for a field that a
  // stream does not support. Values are checked later, when the request of a page is written.
  static std::variant<PageRequests, Failure> Read(const PagedList& list, absl::string_view message);

  // Returns the request of the page that begins after the item with this id. If `id` is empty,
  // returns the request of the first page.
  std::string After(absl::string_view id) const;

  // The id after which the caller wants the stream to begin; "" for the first item.
  const std::string& begin() const { return begin_; }

 private:
  explicit PageRequests(const PagedList& list) : list_(&list) {}

  const PagedList* list_;
  std::string common_;  // the fields that the requests of all pages have
  std::string begin_;
};

// Reads the items of one page's reply. Views are valid as long as this object.
class PageItems {
 public:
  struct Item {
    absl::string_view bytes;
    absl::string_view id;  // empty: the item has none
  };

  PageItems(const PagedList& list, std::string reply)
      : list_(list), reply_(std::move(reply)), reader_(reply_) {}
  PageItems(const PageItems&) = delete;
  PageItems& operator=(const PageItems&) = delete;

  // Returns nullopt after the last item.
  std::optional<Item> Next();

  bool empty() const { return count_ == 0; }

 private:
  const PagedList& list_;
  const std::string reply_;
  WireReader reader_;
  size_t count_ = 0;
};

class IdOrder {
 public:
  // `begin` is the id after which the stream begins; "" if it begins with the first item.
  IdOrder(const PagedList& list, absl::string_view begin);

  // Returns false if the stream must not send this id. If ids must rise, that is an id not greater
  // than the one before; otherwise an id of this page or of the page before.
  bool Accept(absl::string_view id);
  void EndPage();

 private:
  const bool rises_;
  std::string last_;
  // Used if ids need not rise: the ids of this page and of the page before.
  absl::flat_hash_set<std::string> page_;
  absl::flat_hash_set<std::string> page_before_;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_PAGED_LIST_H_

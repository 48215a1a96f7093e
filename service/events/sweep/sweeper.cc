#include "service/events/sweep/sweeper.h"

#include <algorithm>
#include <future>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "service/log/log.h"
#include "upstream/mapping/route.h"
#include "upstream/mapping/wire.h"

namespace gateway::events {
namespace {

// Returns the serialized request of the list. It names the store if the request has a field for it.
std::string RequestOf(const mapping::PagedList& list, const std::string& store) {
  std::string request;
  if (list.page->tenant == nullptr) return request;
  mapping::WireWriter out(request);
  out.Tag(list.page->tenant->number, mapping::WireType::kBytes);
  out.Bytes(store);
  return request;
}

absl::StatusOr<Appended> AppendTo(EventLog& log, SealedEvent event) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Appended>>>();
  auto future = promise->get_future();
  log.Append(std::move(event), [promise](absl::StatusOr<Appended> appended) {
    promise->set_value(std::move(appended));
  });
  return future.get();
}

}  // namespace

Sweeper::Sweeper(SweepOptions options, const std::vector<webhooks::Fact>& facts, EventLog& log,
                 std::shared_ptr<ledger::ReplyCipher> cipher, std::unique_ptr<PageReader> reader)
    : options_(std::move(options)),
      facts_(facts),
      log_(log),
      cipher_(std::move(cipher)),
      reader_(std::move(reader)),
      thread_([this] { Run(); }) {}

Sweeper::~Sweeper() {
  Stop();
  thread_.join();
}

void Sweeper::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  reader_->Cancel();
}

bool Sweeper::stopping() const {
  const MutexLock lock(mutex_);
  return stopping_;
}

bool Sweeper::Pause(absl::Duration pause) {
  const SteadyTime end = SteadyTime::Now() + pause;
  const MutexLock lock(mutex_);
  while (!stopping_ && changed_.WaitUntil(mutex_, end)) {
  }
  return !stopping_;
}

void Sweeper::Run() {
  do {
    for (const std::string& store : options_.stores) {
      for (const webhooks::Fact& fact : facts_) {
        const absl::Status status = Sweep(store, fact);
        if (stopping()) return;
        ++(status.ok() ? sweeps_ : failed_);
        if (status.ok()) continue;
        Log(Severity::kWarning, "a sweep did not come to its end",
            {{"upstream", options_.provider},
             {"store", store},
             {"type", fact.type},
             {"reason", std::string(status.message())}});
      }
    }
  } while (Pause(options_.every));
}

absl::Status Sweeper::Sweep(const std::string& store, const webhooks::Fact& fact) {
  auto requests = mapping::PageRequests::Read(*fact.list, RequestOf(*fact.list, store));
  if (const auto* const failure = std::get_if<mapping::Failure>(&requests)) {
    return absl::Status(failure->code, failure->message);
  }
  const auto& pages = std::get<mapping::PageRequests>(requests);
  std::string after = begin_[{store, fact.type}];
  while (true) {
    absl::StatusOr<std::string> last = SweepPage(store, fact, pages, after);
    if (!last.ok()) return last.status();
    if (last->empty()) return absl::OkStatus();
    after = *std::move(last);
    if (!Pause(options_.between_pages)) return absl::CancelledError("the end");
  }
}

absl::StatusOr<std::string> Sweeper::SweepPage(const std::string& store, const webhooks::Fact& fact,
                                               const mapping::PageRequests& requests,
                                               const std::string& after) {
  absl::StatusOr<std::string> reply = reader_->Read(*fact.list, requests.After(after));
  if (!reply.ok()) return reply.status();
  ++pages_;
  mapping::PageItems items(*fact.list, *std::move(reply));
  mapping::IdOrder order(*fact.list, after);
  std::string& begin = begin_[{store, fact.type}];
  // Whether all items up to the present one are too old, for this sweep and for each later one.
  bool all_old = begin == after;
  std::string last;
  while (const auto item = items.Next()) {
    last = std::string(item->id);
    if (!order.Accept(last)) return absl::DataLossError("the list is not in its order");
    const auto shown = webhooks::ReadItem(fact, item->bytes);
    if (!shown) return absl::DataLossError("an item of the list cannot be read");
    all_old = all_old && shown->made && *shown->made < options_.now() - options_.look_back;
    if (all_old) begin = last;
    for (const webhooks::ShownObject& object : shown->objects) {
      if (absl::Status status = Offer(store, fact, *shown, object); !status.ok()) return status;
    }
  }
  return last;
}

absl::Status Sweeper::Offer(const std::string& store, const webhooks::Fact& fact,
                            const webhooks::ShownItem& item, const webhooks::ShownObject& object) {
  const absl::Time now = options_.now();
  const absl::Time since = std::max(now - options_.look_back, log_.facts_since());
  if (object.happened < since || object.happened > now - options_.settle) return absl::OkStatus();
  SealedEvent sealed;
  Event& event = sealed.event;
  event.head.provider = options_.provider;
  event.head.type = fact.type;
  event.head.store = store;
  event.head.resource = item.resource;
  event.head.origin = Origin::kSweep;
  event.signed_time = object.happened;
  event.body = object.object;
  sealed.fact = FactOf(options_.provider, fact.type, object.id);
  sealed.key = KeyOf(event);
  auto bytes = SealBody(*cipher_, sealed.key, event.body);
  if (!bytes.ok()) return bytes.status();
  sealed.sealed_body = *std::move(bytes);
  event.body.clear();
  const absl::StatusOr<Appended> appended = AppendTo(log_, std::move(sealed));
  if (!appended.ok()) return appended.status();
  if (appended->kind == Appended::kDuplicate) return absl::OkStatus();
  ++found_;
  Log(Severity::kWarning, "no event told of it: it was found by reading the upstream",
      {{"upstream", options_.provider},
       {"store", store},
       {"type", fact.type},
       {"number", appended->number}});
  return absl::OkStatus();
}

}  // namespace gateway::events

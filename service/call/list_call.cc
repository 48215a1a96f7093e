#include "service/call/list_call.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "service/call/byte_buffer.h"
#include "service/call/call_metadata.h"
#include "service/call/served_call.h"
#include "service/generation/generation.h"
#include "upstream/begun_call.h"
#include "upstream/mapping/reply/error_table.h"
#include "upstream/mapping/route.h"
#include "upstream/mutex.h"

namespace gateway {
namespace {

using mapping::Failure;
using mapping::NotSent;

class ListCall final : public ServedCall {
 public:
  ListCall(const Surroundings& surroundings, Method& method, const mapping::PagedList& list,
           size_t upstream, grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : ServedCall(surroundings, method, context, reply),
        in_force_(surroundings.in_force),
        renewal_(surroundings.renewal),
        list_(list),
        upstream_(frame().generation()->upstreams[upstream]) {}

 private:
  void Serve(absl::string_view message) override {
    auto requests = mapping::PageRequests::Read(list_, message);
    if (auto* failure = std::get_if<Failure>(&requests)) return End(std::move(*failure));
    requests_ = std::get<mapping::PageRequests>(std::move(requests));
    last_id_ = requests_->begin();
    order_.emplace(list_, last_id_);
    // A stream may have no deadline, but each of its pages has a deadline.
    terms_ = TermsOf(context(), absl::InfiniteDuration());
    deadline_ = terms_.deadline;
    terms_.credentials = upstream_.credentials;
    terms_.renewal = &renewal_;
    terms_.caller = frame().caller().Key();
    terms_.observer = &frame().trace();
    Fetch();
  }

  void Fetch() {
    terms_.deadline =
        std::min(deadline_, SteadyTime::Now() + frame().generation()->config.default_deadline);
    const std::string request = requests_->After(last_id_);
    auto prepared = upstream_.client->Prepare(*list_.page, request, terms_);
    if (auto* failure = std::get_if<Failure>(&prepared)) return End(std::move(*failure));
    auto& call = std::get<PreparedCall>(prepared);
    store_ = call.store();
    if (auto refusal = MayGoOn()) return End(*std::move(refusal));
    if (frame().validate_only()) {
      frame().NoteWouldSend(upstream_.client->Shown(*list_.page, request, terms_), 0);
      return End(mapping::Reply());
    }
    Send(std::move(call));
  }

  // Returns a refusal if the next page must not be fetched. The policy is asked before the first
  // page. Later pages are refused after a reload, which may have changed rights and keys: the
  // caller can begin again behind the last item, with the rights and keys that are then in force.
  std::optional<Failure> MayGoOn() {
    if (!page_) return frame().CheckStore(store_);
    if (in_force_.Get() == frame().generation()) return std::nullopt;
    return NotSent(absl::StatusCode::kUnavailable, "CONFIGURATION_CHANGED",
                   "a new configuration is in force: begin again behind the last item");
  }

  // The answer may come, and end this call, before Client::Send returns.
  void Send(PreparedCall call) {
    const std::shared_ptr<const Generation> generation = frame().generation();
    const auto sending = std::make_shared<BegunCall>();
    if (!Begin(sending)) return End(Cancelled());
    sending->Began(upstream_.client->Send(std::move(call), terms_,
                                          [this](Answer answer) { OnPage(std::move(answer)); }));
  }

  // Returns false if the call was stopped.
  bool Begin(const std::shared_ptr<BegunCall>& sending) {
    const MutexLock lock(mutex_);
    if (!stopped_) sending_ = sending;
    return !stopped_;
  }

  void OnPage(Answer answer) {
    attempts_ += answer.attempts;
    http_status_ = answer.http_status;
    if (auto* failure = std::get_if<Failure>(&answer.result)) return End(std::move(*failure));
    auto& reply = std::get<mapping::Reply>(answer.result);
    frame().NoteReply(reply);
    page_.emplace(list_, std::move(reply.message));
    WriteNext();
  }

  void OnWritten(bool fine) override {
    if (!fine || Stopped()) return End(Cancelled());
    WriteNext();
  }

  void WriteNext() {
    const std::optional<mapping::PageItems::Item> item = page_->Next();
    if (!item && page_->empty()) return End(mapping::Reply());
    if (!item) {
      order_->EndPage();
      page_.emplace(list_, std::string());
      return Fetch();
    }
    if (item->id.empty()) return End(Unusable("an item of the list has no id"));
    if (!order_->Accept(item->id)) {
      return End(
          Unusable("the list's ids are not in order: an item would be missed or come twice"));
    }
    last_id_ = std::string(item->id);
    WriteMessage(ToBuffer(list_.Message(item->bytes, last_id_)));
  }

  static Failure Unusable(absl::string_view why) {
    Failure failure = mapping::UnusableReply(mapping::Access::kRead);
    failure.message = std::string(why);
    return failure;
  }

  static Failure Cancelled() {
    return NotSent(absl::StatusCode::kCancelled, "CANCELLED", "cancelled by the caller");
  }

  void End(std::variant<mapping::Reply, Failure> result) {
    Conclude({std::move(result), attempts_, store_, http_status_});
  }

  void Stop() override {
    const MutexLock lock(mutex_);
    stopped_ = true;
    if (sending_ != nullptr) sending_->Stop();
  }

  bool Stopped() {
    const MutexLock lock(mutex_);
    return stopped_;
  }

  absl::string_view upstream_host() const override { return upstream_.client->host(); }

  const Slot<Generation>& in_force_;
  KeyRenewal& renewal_;
  const mapping::PagedList& list_;
  const UpstreamAccess& upstream_;  // of the call's generation

  // Used by one thread at a time: a page and its items follow one another.
  CallTerms terms_;
  SteadyTime deadline_;
  std::optional<mapping::PageRequests> requests_;
  std::optional<mapping::IdOrder> order_;
  std::optional<mapping::PageItems> page_;  // nullopt before the first page
  std::string last_id_;                     // the next page begins behind this item
  std::string store_;
  int attempts_ = 0;
  int http_status_ = 0;

  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  // The request for the latest page; null before the first page.
  std::shared_ptr<BegunCall> sending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

Endpoint ListEndpoint(const Surroundings& surroundings, Method& method,
                      const mapping::PagedList& list, size_t upstream) {
  Endpoint endpoint{&method, list.page->provider->name(),
                    [&surroundings, &method, &list, upstream](grpc::CallbackServerContext& context,
                                                              grpc::ByteBuffer& reply) {
                      return new ListCall(surroundings, method, list, upstream, context, reply);
                    }};
  endpoint.replies = Replies::kMany;
  return endpoint;
}

}  // namespace gateway

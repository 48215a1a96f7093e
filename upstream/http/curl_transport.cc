#include "upstream/http/curl_transport.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "upstream/http/curl_handle.h"
#include "upstream/http/event_loop.h"
#include "upstream/http/request_check.h"

namespace gateway::http {
namespace {

constexpr int kMaxEventLoops = 256;
constexpr int kLoopBits = 8;  // the low bits of a CallId name its loop

absl::Status CheckOptions(const Options& options) {
  if (options.event_loops < 1 || options.event_loops > kMaxEventLoops) {
    return absl::InvalidArgumentError(
        absl::StrCat("event_loops must be between 1 and ", kMaxEventLoops));
  }
  if (options.max_connections < options.event_loops) {
    return absl::InvalidArgumentError("max_connections must be at least event_loops");
  }
  if (options.max_streams_per_connection < 1) {
    return absl::InvalidArgumentError("max_streams_per_connection must be at least 1");
  }
  if (options.max_queued < 0) return absl::InvalidArgumentError("max_queued must not be negative");
  if (options.connect_timeout <= absl::ZeroDuration() ||
      options.max_connection_age <= absl::ZeroDuration() ||
      options.max_connection_idle <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("timeouts and ages must be positive");
  }
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError("ca_file cannot be read");
  }
  return absl::OkStatus();
}

// Part `index` of `whole`, cut into `parts` that differ by one at most.
int Share(int whole, int index, int parts) {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<CurlTransport>> CurlTransport::Create(const Options& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (absl::Status status = InitializeCurl(); !status.ok()) return status;
  std::vector<std::unique_ptr<EventLoop>> loops;
  for (int i = 0; i < options.event_loops; ++i) {
    Options share = options;
    share.max_connections = Share(options.max_connections, i, options.event_loops);
    share.max_queued = Share(options.max_queued, i, options.event_loops);
    absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create(share);
    if (!loop.ok()) return loop.status();
    loops.push_back(*std::move(loop));
  }
  return std::unique_ptr<CurlTransport>(new CurlTransport(std::move(loops)));
}

CurlTransport::CurlTransport(std::vector<std::unique_ptr<EventLoop>> loops)
    : loops_(std::move(loops)) {}

// A `done` may send again while the loops stop one after the other, to a loop that has stopped
// already; so all stop before the first is destroyed, and what is sent later yet is refused on the
// spot.
CurlTransport::~CurlTransport() {
  for (const auto& loop : loops_) loop->Stop();
  stopped_ = true;
}

Transport::CallId CurlTransport::Send(std::shared_ptr<const Request> request, Done done) {
  if (stopped_) {
    done(Error{.kind = Error::Kind::kShutdown, .message = "the transport stops"});
    return 0;
  }
  const size_t loop = LeastLoaded();
  const CallId id = NewId(loop);
  std::optional<Error> refusal;
  if (const absl::Status status = Check(*request); !status.ok()) {
    refusal = Error{.kind = Error::Kind::kInvalid, .message = std::string(status.message())};
  }
  loops_[loop]->Submit(id, std::move(request), std::move(done), std::move(refusal));
  return id;
}

Transport::CallId CurlTransport::Wait(absl::Time until, Done done) {
  if (stopped_) {
    done(Error{.kind = Error::Kind::kShutdown, .message = "the transport stops"});
    return 0;
  }
  const size_t loop = LeastLoaded();
  const CallId id = NewId(loop);
  loops_[loop]->Wait(id, until, std::move(done));
  return id;
}

Transport::CallId CurlTransport::NewId(size_t loop) {
  return calls_.fetch_add(1, std::memory_order_relaxed) << kLoopBits | loop;
}

void CurlTransport::Cancel(CallId id) {
  const size_t loop = id & ((CallId{1} << kLoopBits) - 1);
  if (loop < loops_.size()) loops_[loop]->Cancel(id);
}

// Of loops with the same load the first, so that little traffic keeps few connections warm.
size_t CurlTransport::LeastLoaded() const {
  size_t best = 0;
  for (size_t i = 1; i < loops_.size(); ++i) {
    if (loops_[i]->open() < loops_[best]->open()) best = i;
  }
  return best;
}

Stats CurlTransport::Snapshot() const {
  Stats sum;
  for (const auto& loop : loops_) sum += loop->Snapshot();
  return sum;
}

}  // namespace gateway::http

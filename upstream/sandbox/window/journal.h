// The last requests as they came, and their replies, for the window. Keys and secrets are masked,
// and long bodies are cut.
//
//   const int64_t id = journal.Add({received, "RefundOrder", ""});   // before it is executed
//   journal.Answer(id, reply);                                       // before the reply is sent
//   Json list = journal.List();                                      // the newest first
//
// A client that has received a reply finds its request and the reply in the journal. Requests keep
// the order in which they were added. Thread-safe. Holds at most kKept requests.
#ifndef UPSTREAM_SANDBOX_WINDOW_JOURNAL_H_
#define UPSTREAM_SANDBOX_WINDOW_JOURNAL_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

class Journal {
 public:
  static constexpr size_t kKept = 200;

  struct Seen {
    Received received;
    // The RPC's name; empty if the request names none.
    std::string operation;
    // The kind of the fault that the request met; empty if it met none.
    std::string fault;
  };

  // Returns the request's id.
  int64_t Add(Seen seen);
  // Sets, or replaces, the reply. Does nothing if the request is no longer held.
  void Answer(int64_t id, const Reply& reply);
  void Clear();
  // Returns the newest requests first, each as {"id", "time", "method", "target", "operation",
  // "fault", "headers", "body", "status", "reply"}; status 0 if there is no reply, or none yet.
  Json List(size_t most = kKept) const;

 private:
  struct Entry {
    int64_t id;
    absl::Time time;
    Seen seen;
    std::optional<Reply> reply;
  };

  mutable Mutex mu_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mu_);
  int64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
};

// Returns the body with the values of members that hold keys, secrets, passwords or tokens masked,
// cut to the length that the window shows.
std::string MaskedBody(const std::string& body);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_JOURNAL_H_

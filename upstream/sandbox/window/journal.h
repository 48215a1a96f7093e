// The last requests as they came and what was answered, for the window. Keys and secrets are
// masked, and long bodies are cut.
//
//   journal.Add({received, reply, "RefundOrder", "commit-then-drop"});
//   Json list = journal.List();                       // the newest first
//
// Thread-safe. Holds at most kKept requests.
#ifndef UPSTREAM_SANDBOX_WINDOW_JOURNAL_H_
#define UPSTREAM_SANDBOX_WINDOW_JOURNAL_H_

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

class Journal {
 public:
  static constexpr size_t kKept = 200;

  struct Seen {
    Received received;
    // Absent where the connection ended before there was one.
    std::optional<Reply> reply;
    // The RPC's name; empty where the request names none.
    std::string operation;
    // The kind of the fault that the request met; empty where it met none.
    std::string fault;
  };

  void Add(Seen seen);
  void Clear();
  // Each {"id", "time", "method", "target", "operation", "fault", "headers", "body", "status",
  // "reply"}; status 0 is no answer.
  Json List(size_t most = kKept) const;

 private:
  struct Entry {
    int64_t id;
    absl::Time time;
    Seen seen;
  };

  mutable std::mutex mu_;
  // Guarded by mu_.
  std::deque<Entry> entries_;
  int64_t last_id_ = 0;
};

// The text with the values of members that hold keys, secrets and tokens replaced, cut to what is
// shown.
std::string MaskedBody(const std::string& body);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_JOURNAL_H_

// Records who did what, in a file of its own: one JSON object per line for each write, and for each
// read that carries credentials.
//
//   {"time":"2026-03-01T12:00:00.123456Z","caller":"spiffe://example/shop",
//    "method":"paynow.management.v1.OrdersService/RefundOrder","store":"411486491630370816",
//    "outcome":"ok","code":"OK","http_status":201,"upstream_trace_id":"...","attempts":1,
//    "rule":"shop","identity":"spiffe://example/shop","token_issuer":"https://id.example",
//    "token_subject":"alice","certificate_serial":"0a7f","certificate_issuer":"CN=ca",
//    "certificate_subject":"CN=shop","peer":"ipv4:10.0.0.7:52110",
//    "trace_id":"...","request_id":"...","idempotency_key_sha256":"..."}
//
// Calls that were not sent are limited to a number of lines a second, because anybody with a
// connection can be refused as often as they like; the next line says how many were left out
// ("left_out"). A call that was sent always has its line.
//
// A call never waits for the file: lines are queued, and a thread writes them. If the queue or the
// disk has no room, lines are dropped and counted, with one line in the gateway's log.
//
// The file may be renamed or removed at any time, as logrotate does without copytruncate: the next
// line goes to a new file with the old name.
//
// Thread-safety: Write may be called from any thread. Lifetime: the destructor writes what is
// queued.
#ifndef SERVICE_TELEMETRY_AUDIT_LOG_H_
#define SERVICE_TELEMETRY_AUDIT_LOG_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/authorization/peer_certificates.h"
#include "service/log/line_budget.h"
#include "service/log/log.h"
#include "service/log/patient_writer.h"
#include "upstream/mutex.h"

namespace gateway {

struct AuditRecord {
  absl::Time time;
  std::string caller;
  absl::string_view method;
  absl::string_view store;  // empty: the call is about none
  absl::string_view outcome;
  std::string code;
  int http_status = 0;  // 0: there was no reply
  absl::string_view upstream_trace_id;
  int attempts = 0;
  bool sent = true;             // false: the line may be left out
  absl::string_view rule = {};  // the rule of the policy that allowed the call
  // The name in the certificate that the rule matched: a SPIFFE ID, or "dns:" and a name. Empty:
  // the rule matched no certificate.
  std::string identity = {};
  absl::string_view token_issuer = {};  // empty: no token was shown
  absl::string_view token_subject = {};
  const authorization::PeerCertificate* certificate = nullptr;  // null: none was shown
  std::string peer = {};
  LogIds ids = {};                      // by which the call's lines in the log are found
  absl::string_view idempotency_key;    // only its hash is written
  absl::string_view ledger_entry = {};  // empty: the ledger does not keep the call
};

class AuditLog {
 public:
  static constexpr size_t kMostQueued = 10'000;
  // Lines of calls that were not sent; a burst of them may come at once.
  static constexpr double kNotSentPerSecond = 50;
  static constexpr double kNotSentAtOnce = 1000;

  // The error says why the file cannot be written.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const std::string& file);
  // Returns the error with which Open would fail, and makes no file.
  static absl::Status Check(const std::string& file);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  void Write(const AuditRecord& record);

  uint64_t written() const { return written_; }
  uint64_t dropped() const { return dropped_; }
  uint64_t left_out() const { return left_out_; }

 private:
  explicit AuditLog(std::string file, int fd);
  void Run();
  void WriteLine(const std::string& line);
  void ReopenIfMoved();
  void Lost(const std::string& reason);

  const std::string file_;
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> left_out_{0};
  LineBudget not_sent_{kNotSentPerSecond, kNotSentAtOnce};

  // Used by the thread only.
  int fd_;
  PatientWriter writer_;
  bool failing_ = false;  // lines are lost, and this was logged

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_AUDIT_LOG_H_

// The complete path of a call on one host: gRPC client -> gateway -> HTTP -> sandbox. Both servers
// run in this process on their own ports, over real sockets.
//
// Thread-safety: construction and destruction belong to one thread; the rest may be used from any
// thread. Lifetime: release whatever a sandbox hook waits for before destroying the stack. Errors:
// a stack that does not start ends the program.
//
//   Stack stack;
//   stack.sandbox().OnRequest(...);
//   stack.caller().Call("/paynow.management.v1.OrdersService/GetOrders", bytes);
#ifndef TESTS_END_TO_END_SUPPORT_STACK_H_
#define TESTS_END_TO_END_SUPPORT_STACK_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "service/gateway.h"
#include "tests/end_to_end/support/caller.h"
#include "upstream/sandbox/server.h"

namespace gateway::end_to_end {

// The store, the customer and the product of the sandbox's seed.
inline constexpr char kStore[] = "411486491630370816";
inline constexpr char kCustomer[] = "411486491630370817";
inline constexpr char kProduct[] = "411486491630370818";

struct StackOptions {
  // `default_store` below belongs to PayNow; `default_key` works for the sandbox of every provider.
  std::string provider = "paynow";
  // The gateway's upstream, if not the sandbox: a misbehaving server, or a port on which nobody
  // listens. "" means the sandbox.
  std::string base_url;
  std::string default_store = kStore;
  std::string default_key = sandbox::kSandboxApiKey;
  std::map<std::string, std::string> store_keys;
  absl::Duration default_deadline = absl::Seconds(60);
  absl::Duration drain_grace = absl::Seconds(60);
  http::Options pool;
  mapping::ProfileOverrides profile;
  bool refuse_repeated_writes = true;
  std::string ledger_file;  // empty: no ledger
  std::vector<std::string> harmless_repeats;
};

inline StackOptions OptionsOf(const std::string& provider) {
  StackOptions options;
  options.provider = provider;
  return options;
}

class Stack {
 public:
  explicit Stack(const StackOptions& options = {});

  sandbox::Sandbox& sandbox() { return *sandbox_; }
  Gateway& gateway() { return *gateway_; }
  Caller& caller() { return *caller_; }

 private:
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Caller> caller_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_STACK_H_

// Tests what error a caller gets if the connection is refused, closed or cut off before the answer
// is complete. A write was then executed at most once, and UNAVAILABLE means that it was not
// executed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/refusing_port.h"
#include "tests/end_to_end/support/stack.h"
#include "tests/upstream/http/scripted_server.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/contract.h"

namespace gateway::end_to_end {
namespace {

using grpc::StatusCode;
using http::Script;
using http::ScriptedServer;
using http::Step;

const std::vector<Rpc>& Rpcs() {
  static const auto* const contract =
      sandbox::Contract::Parse(sandbox::FindBundle("paynow")->contract)->release();
  static const auto* const rpcs = new std::vector<Rpc>(RpcsOf(*contract));
  return *rpcs;
}

constexpr const char* kOperations[] = {kRead, kRefund, kCheckout, kDelete, kCreateToken};

void ExpectFailure(const Rpc& rpc, const Answer& answer, StatusCode code, const char* outcome,
                   const std::string& where, bool has_head = false) {
  EXPECT_EQ(answer.status.error_code(), code) << where << ": " << answer.status.error_message();
  const Details details = DetailsOf(answer.status);
  EXPECT_EQ(details.Meta("outcome"), outcome) << where;
  EXPECT_EQ(details.Meta("operation"), rpc.name()) << where;
  EXPECT_EQ(details.Meta("http_status"), has_head ? "200" : "") << where;
  EXPECT_EQ(details.info.domain(), has_head ? "127.0.0.1" : "billing-gateway") << where;
}

TEST(ConnectionFaultTest, RefusedConnectionsLeaveEverythingUndone) {
  const RefusingPort port;
  StackOptions options;
  options.base_url = port.url();
  Stack stack(options);
  for (const char* const operation : kOperations) {
    const ReadyCall call = Ready(Rpcs(), operation);
    const Answer answer = stack.caller().Call(call.rpc->path, call.bytes);
    ExpectFailure(*call.rpc, answer, StatusCode::UNAVAILABLE, "not_sent", operation);
  }
}

struct Fault {
  const char* name;
  Script script;
  bool has_head = false;  // the reply's head is complete, so its status counts
};

const std::vector<Fault>& Faults() {
  static const auto* const faults = new std::vector<Fault>{
      {"closed after the request", {Step::ExecuteAndClose()}, false},
      {"reset after the request", {Step::ExecuteAndReset()}, false},
      {"reset within the request", {Step::ResetDuringRequest()}, false},
      {"closed within the head",
       {Step::Raw("HTTP/1.1 200 OK\r\nContent-Le", Step::End::kClose)},
       false},
      {"closed within the body",
       {Step::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\"", Step::End::kClose)},
       true},
      {"reset within the body",
       {Step::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\"", Step::End::kReset)},
       true},
      {"closed within a chunk",
       {Step::Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"id\"",
                  Step::End::kClose)},
       true},
      {"no HTTP", {Step::Raw("SSH-2.0-OpenSSH_9.2\r\n", Step::End::kClose)}, false},
  };
  return *faults;
}

TEST(ConnectionFaultTest, ALostAnswerLeavesTheOutcomeOfAWriteOpen) {
  for (const Fault& fault : Faults()) {
    for (const char* const operation : kOperations) {
      const std::string where = absl::StrCat(operation, ", ", fault.name);
      const ScriptedServer server({fault.script});
      StackOptions options;
      options.base_url = server.Url("");
      Stack stack(options);
      const ReadyCall call = Ready(Rpcs(), operation);
      const Answer answer = stack.caller().Call(call.rpc->path, call.bytes);
      const StatusCode of_reads = fault.has_head ? StatusCode::INTERNAL : StatusCode::UNAVAILABLE;
      ExpectFailure(*call.rpc, answer, call.rpc->read ? of_reads : StatusCode::UNKNOWN, "unknown",
                    where, fault.has_head);
      if (call.rpc->read) continue;
      // If the request was cut off, the server has seen only a part of it.
      EXPECT_LE(server.executions(), 1) << where;
      EXPECT_EQ(server.connections(), 1) << where;
    }
  }
}

// The write uses a connection that has served a call. libcurl by itself would repeat the request on
// a new connection if the old one ends.
TEST(ConnectionFaultTest, AReusedConnectionThatDiesRepeatsNoWrite) {
  for (const char* const operation : {kRefund, kCheckout, kDelete, kCreateToken}) {
    const ReadyCall read = Ready(Rpcs(), kRead);
    const ReadyCall write = Ready(Rpcs(), operation);
    const Step first = Step::Reply(sandbox::WriteJson(read.sample.reply));
    const ScriptedServer server({{first, Step::ExecuteAndClose()}});
    StackOptions options;
    options.base_url = server.Url("");
    Stack stack(options);
    EXPECT_TRUE(stack.caller().Call(read.rpc->path, read.bytes).status.ok());
    const Answer answer = stack.caller().Call(write.rpc->path, write.bytes);
    // If the gateway opens a new connection for the write, the script starts again and answers the
    // write.
    const bool fresh = server.connections() == 2;
    EXPECT_EQ(server.executions(), 2) << operation;
    if (!fresh) ExpectFailure(*write.rpc, answer, StatusCode::UNKNOWN, "unknown", operation);
  }
}

}  // namespace
}  // namespace gateway::end_to_end

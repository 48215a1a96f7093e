// Tests, at each provider's sandbox, every write that converges or is harmless to repeat. Its
// answer is lost after the write happened, or its request before. The gateway sends the write
// again, and the entry ends as DONE.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/end_to_end/support/ledger_entry.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/end_to_end/support/requests_about.h"
#include "tests/end_to_end/support/rpc.h"
#include "tests/service/temp_dir.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"

namespace gateway::end_to_end {
namespace {

using mapping::Way;
using sandbox::Fault;

struct Write {
  std::string provider;
  std::string path;  // "/paynow.management.v1.TagsService/DeleteTag"
  Way way = Way::kNone;
};

void PrintTo(const Write& write, std::ostream* out) { *out << write.path; }

// JSON requests for the writes whose generated requests the sandbox refuses.
const std::map<std::string, std::string>& Written() {
  static const auto& requests = *new std::map<std::string, std::string>{
      {"/paynow.management.v1.CheckoutService/CreateCheckoutSession",
       absl::StrCat(R"({"body": {"customer_id": ")", kCustomer, R"(", "lines": [{"product_id": ")",
                    kProduct, R"(", "quantity": 1}]}})")},
  };
  return requests;
}

// Writes that this test cannot make, and the reason.
const std::map<std::string, std::string>& NotAccepted() {
  static const auto& writes = *new std::map<std::string, std::string>{};
  return writes;
}

// Writes that the upstream refuses to do twice: once such a write has happened, its entry stays
// UNKNOWN. The text is a part of the error message.
const std::map<std::string, std::string>& RefusedWhenRepeated() {
  static const auto& writes = *new std::map<std::string, std::string>{
      {"/paynow.management.v1.DeliveryService/RevokeDeliveryItem", "revoked already"},
      {"/paynow.management.v1.GiftcardsService/DeleteGiftCard", "canceled already"},
  };
  return writes;
}

std::vector<Write> AllWrites() {
  const auto table = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  std::vector<Write> writes;
  if (!table.ok()) return writes;
  for (const char* const provider : {"paynow", "paymentkit", "qashier", "convergegate"}) {
    for (const mapping::Route& route : (*table)->routes()) {
      const Way way = route.once.way;
      if (way != Way::kConverges && way != Way::kHarmless) continue;
      if (!absl::StartsWith(route.rpc_path, absl::StrCat("/", PackageOf(provider)))) continue;
      writes.push_back({provider, route.rpc_path, way});
    }
  }
  return writes;
}

// Returns the number of records in each collection of the sandbox.
std::map<std::string, size_t> CountsOf(const Json& store) {
  std::map<std::string, size_t> counts;
  for (const auto& [collection, records] : store.items()) counts[collection] = records.size();
  return counts;
}

class SentAgainTest : public testing::TestWithParam<Write> {
 protected:
  void SetUp() override {
    StackOptions options = OptionsOf(GetParam().provider);
    options.ledger_file = directory_.Path("ledger/ledger.db");
    options.harmless_repeats = {"*"};
    stack_ = std::make_unique<ProviderStack>(options);
    for (Rpc& rpc : RpcsOf(sandbox().contract())) {
      if (rpc.path == GetParam().path) rpc_ = std::make_unique<Rpc>(rpc);
    }
    ASSERT_NE(rpc_, nullptr) << GetParam().path;
  }

  sandbox::Sandbox& sandbox() { return stack_->stack().sandbox(); }
  Json Store() { return sandbox().handler().Export(); }

  Answer Call(const std::string& request, const Metadata& metadata) {
    return stack_->stack().caller().CallWith(GetParam().path, request, metadata);
  }

  std::vector<std::string> Requests() {
    const auto written = Written().find(GetParam().path);
    if (written == Written().end()) return RequestsAbout(Store(), *rpc_);
    const std::unique_ptr<Message> request = NewMessage(*rpc_->method->input_type());
    const auto parsed = google::protobuf::util::JsonStringToMessage(written->second, request.get());
    EXPECT_TRUE(parsed.ok()) << parsed.ToString();
    return {request->SerializeAsString()};
  }

  // Finds a request that the sandbox accepts; the sandbox has then executed it once. Returns false
  // if there is none: the sandbox is unchanged then, and `refusals_` holds its errors.
  bool FindRequest() {
    for (const std::string& request : Requests()) {
      const Answer answer = Call(request, {});
      request_ = request;
      if (answer.status.ok()) return true;
      absl::StrAppend(&refusals_, answer.status.error_message(), "\n");
    }
    return false;
  }

  // Makes the call. Every attempt to send it meets the fault.
  Answer CallWhileLost(Fault::Kind kind, const std::string& key) {
    Fault fault;
    fault.kind = kind;
    fault.operation = rpc_->operation->id;
    fault.times = -1;
    const int64_t id = sandbox().faults().Add(fault);
    Answer answer = Call(request_, {{"idempotency-key", key}});
    const std::vector<Fault> met = sandbox().faults().List();
    EXPECT_TRUE(std::any_of(met.begin(), met.end(),
                            [id](const Fault& f) { return f.id == id && f.fired >= 2; }));
    EXPECT_TRUE(sandbox().faults().Remove(id));
    return answer;
  }

  // Loses every attempt of the call in the way of `kind`. Then repeats the call and expects
  // success; or UNKNOWN, if the write has happened and the upstream refuses to do it twice.
  void Lose(Fault::Kind kind, const std::string& key) {
    sandbox().handler().Reset();
    const Answer lost = CallWhileLost(kind, key);
    EXPECT_EQ(DetailsOf(lost.status).Meta("outcome"), "unknown") << lost.status.error_message();
    const Answer again = Call(request_, {{"idempotency-key", key}});
    const auto refused = RefusedWhenRepeated().find(GetParam().path);
    if (kind == Fault::Kind::kCommitThenDrop && refused != RefusedWhenRepeated().end()) {
      EXPECT_EQ(DetailsOf(again.status).Meta("outcome"), "unknown");
      EXPECT_THAT(again.status.error_message(), testing::HasSubstr(refused->second));
      return AwaitUnknown(stack_->stack().caller(), again, "");
    }
    ExpectDone(again, key);
  }

  void ExpectDone(const Answer& done, const std::string& key) {
    EXPECT_TRUE(done.status.ok()) << done.status.error_message();
    EXPECT_EQ(done.trailers.count("gateway-replayed"), 0u);
    EXPECT_EQ(EntryInTheEnd(stack_->stack().caller(), done).state(), ledger::v1::STATE_DONE);
    const size_t requests = stack_->recorder().count();
    const Answer replayed = Call(request_, {{"idempotency-key", key}});
    EXPECT_TRUE(replayed.status.ok()) << replayed.status.error_message();
    EXPECT_EQ(replayed.trailers.count("gateway-replayed"), 1u);
    EXPECT_EQ(stack_->recorder().count(), requests);
  }

  const TempDir directory_;
  std::unique_ptr<ProviderStack> stack_;
  std::unique_ptr<Rpc> rpc_;
  std::string request_;
  std::string refusals_;
};

TEST_P(SentAgainTest, EndsDoneWhicheverWayWasLost) {
  const auto reason = NotAccepted().find(GetParam().path);
  const bool accepted = FindRequest();
  ASSERT_EQ(accepted, reason == NotAccepted().end()) << refusals_;
  if (!accepted) return;
  const std::map<std::string, size_t> once = CountsOf(Store());
  Lose(Fault::Kind::kCommitThenDrop, "answer-lost");
  // A harmless write may create a second record (a checkout session), so only converging writes are
  // compared.
  if (GetParam().way == Way::kConverges) {
    EXPECT_EQ(CountsOf(Store()), once);
  }
  Lose(Fault::Kind::kDropBeforeCommit, "request-lost");
  EXPECT_EQ(CountsOf(Store()), once);
}

INSTANTIATE_TEST_SUITE_P(Writes, SentAgainTest, testing::ValuesIn(AllWrites()),
                         [](const auto& write) {
                           return absl::StrReplaceAll(write.param.path, {{"/", "_"}, {".", "_"}});
                         });

TEST(SentAgainTest, TheExceptionsAreWritesThatAreSentAgain) {
  std::set<std::string> all;
  for (const Write& write : AllWrites()) all.insert(write.path);
  EXPECT_EQ(all.size(), 56u);
  for (const auto* exceptions : {&NotAccepted(), &RefusedWhenRepeated()}) {
    for (const auto& [path, reason] : *exceptions) EXPECT_TRUE(all.contains(path)) << path;
  }
}

}  // namespace
}  // namespace gateway::end_to_end

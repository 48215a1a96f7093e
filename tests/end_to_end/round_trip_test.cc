// Every operation of the contract, through gRPC and HTTP and back: checks the values that arrive at
// the upstream, and the values that arrive at the caller.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/contract/counts.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/sample.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

using sandbox::ExampleOptions;
using sandbox::Fill;

struct Expected {
  const char* provider;
  size_t masked_nulls;  // minimum number of operations whose masked body has a null
};
constexpr Expected kPaynow = {"paynow", 10};

// The sandbox and the gateway for one provider, shared by all tests.
struct Servers {
  explicit Servers(const std::string& provider)
      : stack(OptionsOf(provider)),
        recorder(stack.sandbox()),
        rpcs(RpcsOf(stack.sandbox().contract())) {}

  ~Servers() { stack.sandbox().OnRequest(nullptr); }
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

  Stack stack;
  Recorder recorder;
  std::vector<Rpc> rpcs;
};

class RoundTrip : public testing::Test {
 protected:
  explicit RoundTrip(const Expected& expected) : expected_(expected) {
    std::unique_ptr<Servers>& slot = servers_[expected.provider];
    if (slot == nullptr) slot = std::make_unique<Servers>(expected.provider);
    stack_ = &slot->stack;
    recorder_ = &slot->recorder;
    rpcs_ = &slot->rpcs;
    EXPECT_EQ(rpcs_->size(), Operations());
  }

  static void TearDownTestSuite() { servers_.clear(); }

  size_t Operations() const { return contract::CountOf(expected_.provider, "operations"); }

  // Makes one call: sends the sample, compares the request that arrives, answers with the sample's
  // reply, and compares the reply that the caller gets. Returns whether everything matched.
  bool Trip(const Rpc& rpc, const Sample& sample, Way way) {
    const std::unique_ptr<Message> request = ToRequest(rpc, sample, sent_);
    if (way == Way::kMaskedRequest) AddMask(rpc, sample.body, *request);
    recorder_->Answer(JsonReply(rpc.operation->reply.status, sample.reply));
    const Answer answer = stack_->caller().Call(rpc.path, request->SerializeAsString());
    const std::vector<Arrival> arrivals = recorder_->Take();
    const std::string problem = Problem(rpc, sample, way, answer, arrivals);
    EXPECT_EQ(problem, "") << rpc.name();
    return problem.empty();
  }

  std::string Problem(const Rpc& rpc, const Sample& sample, Way way, const Answer& answer,
                      const std::vector<Arrival>& arrivals) {
    if (!answer.status.ok()) {
      return absl::StrCat("status ", answer.status.error_code(), " ",
                          answer.status.error_message());
    }
    if (arrivals.size() != 1) return absl::StrCat(arrivals.size(), " requests arrived");
    std::vector<std::string> differences = Differences(rpc, sample, arrivals[0], way);
    const std::vector<std::string> back = ReplyDifferences(rpc, sample, answer);
    differences.insert(differences.end(), back.begin(), back.end());
    return absl::StrJoin(differences, "\n");
  }

  std::vector<std::string> ReplyDifferences(const Rpc& rpc, const Sample& sample,
                                            const Answer& answer) {
    if (answer.trailers.count("gateway-unrecognized") > 0) return {"an enum text was unrecognized"};
    const std::unique_ptr<Message> reply = NewMessage(*rpc.method->output_type());
    if (!reply->ParseFromString(answer.message)) return {"the reply does not parse"};
    if (IsAbsent(sample.reply)) {
      if (answer.message.empty()) return {};
      return {"the reply is not empty"};
    }
    return Differences(*ReplyType(rpc), sample.reply, FromReply(rpc, *reply, received_),
                       Way::kReply);
  }

  // Makes one call for each operation, prints how many succeeded, and expects that all did.
  void TripAll(const ExampleOptions& options, absl::string_view what) {
    size_t good = 0;
    for (const Rpc& rpc : *rpcs_) good += Trip(rpc, MakeSample(rpc, options), Way::kRequest);
    std::cout << expected_.provider << ", " << what << ": " << good << "/" << Operations()
              << " operations\n";
    EXPECT_EQ(good, Operations());
  }

  const Expected expected_;
  Stack* stack_;
  Recorder* recorder_;
  std::vector<Rpc>* rpcs_;
  ProtoJson sent_;
  ProtoJson received_;

 private:
  static std::map<std::string, std::unique_ptr<Servers>> servers_;
};

std::map<std::string, std::unique_ptr<Servers>> RoundTrip::servers_;

// Runs for each provider.
class RoundTripTest : public RoundTrip, public testing::WithParamInterface<Expected> {
 protected:
  RoundTripTest() : RoundTrip(GetParam()) {}
};

class PaynowRoundTripTest : public RoundTrip {
 protected:
  PaynowRoundTripTest() : RoundTrip(kPaynow) {}
};

void EraseLocalTenant(const Rpc& rpc, std::set<std::string>& names) {
  const FieldDescriptor* tenant =
      rpc.method->input_type()->FindFieldByName(rpc.provider->tenant_field());
  if (tenant != nullptr && RulesOf(*tenant).local()) names.erase(tenant->full_name());
}

// Prints how many names were seen, and expects that all were.
void ExpectAllSeen(const std::set<std::string>& all, const std::set<std::string>& seen,
                   absl::string_view what) {
  std::vector<std::string> missing;
  std::set_difference(all.begin(), all.end(), seen.begin(), seen.end(),
                      std::back_inserter(missing));
  std::cout << what << ": " << all.size() - missing.size() << "/" << all.size() << "\n";
  EXPECT_TRUE(missing.empty()) << absl::StrJoin(missing, "\n");
}

TEST_P(RoundTripTest, EveryFieldOfEveryOperationArrives) {
  TripAll({}, "every field");

  std::set<std::string> requests, replies;
  for (const Rpc& rpc : *rpcs_) {
    AddReachable(*rpc.method->input_type(), requests);
    // The mask itself is not sent; MasksSendNull checks it.
    if (rpc.mask != nullptr) requests.erase(rpc.mask->full_name());
    // A tenant field that only selects the API key is not sent either.
    EraseLocalTenant(rpc, requests);
    AddReachable(*rpc.method->output_type(), replies);
  }
  ExpectAllSeen(requests, sent_.seen(), "fields of requests");
  ExpectAllSeen(replies, received_.seen(), "fields of replies");
}

TEST_P(RoundTripTest, OtherValuesOfEveryFieldArrive) {
  for (uint64_t seed = 2; seed <= 4; ++seed) {
    ExampleOptions options;
    options.seed = seed;
    TripAll(options, absl::StrCat("every field, seed ", seed));
  }
}

TEST_P(RoundTripTest, OptionalFieldsMayBeAbsent) {
  ExampleOptions options;
  options.fill = Fill::kRequiredOnly;
  TripAll(options, "required fields alone");
}

TEST_P(RoundTripTest, NullReadsAsAbsentAndIsNotSentUnasked) {
  ExampleOptions options;
  options.fill = Fill::kNulls;
  TripAll(options, "null wherever it may stand");
}

TEST_P(RoundTripTest, ExtremesArrive) {
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    ExampleOptions options;
    options.fill = Fill::kExtremes;
    options.seed = seed;
    TripAll(options, absl::StrCat("extremes, seed ", seed));
  }
}

TEST_P(RoundTripTest, MasksSendNull) {
  size_t masked = 0, nulls = 0;
  for (const Rpc& rpc : *rpcs_) {
    if (rpc.mask == nullptr) continue;
    ExampleOptions options;
    options.fill = Fill::kNulls;
    const Sample sample = MakeSample(rpc, options);
    ++masked;
    nulls += sandbox::WriteJson(sample.body).find("null") != std::string::npos;
    EXPECT_TRUE(Trip(rpc, sample, Way::kMaskedRequest));
    // With every field set, a mask that names every field must make no difference.
    EXPECT_TRUE(Trip(rpc, MakeSample(rpc, {}), Way::kMaskedRequest));
  }
  std::cout << "operations with a mask: " << masked << ", " << nulls << " of them with null\n";
  EXPECT_GE(nulls, expected_.masked_nulls);
}

// Sets each enum's values in turn, until every text was sent in each direction (request, reply) in
// which the contract allows it.
TEST_P(RoundTripTest, EveryEnumTextArrivesBothWays) {
  std::set<std::string> sent, received, sendable, receivable;
  const auto name = [](const sandbox::Schema& schema, const std::string& text) {
    return absl::StrCat(schema.name, "=", text);
  };
  for (const Rpc& rpc : *rpcs_) {
    size_t rounds = 1;
    for (size_t round = 0; round < rounds; ++round) {
      Sample sample = MakeSample(rpc, {});
      const auto turn = [&](std::set<std::string>& seen, std::set<std::string>& all) {
        return [&, round](const sandbox::Schema& schema, Json& value) {
          if (schema.enum_texts.empty()) return;
          rounds = std::max(rounds, schema.enum_texts.size());
          for (const std::string& text : schema.enum_texts) all.insert(name(schema, text));
          value = schema.enum_texts[round % schema.enum_texts.size()];
          seen.insert(name(schema, value.get<std::string>()));
        };
      };
      const sandbox::Operation& operation = *rpc.operation;
      for (auto& [key, value] : sample.query) {
        ForEachNamed(operation.FindQuery(key)->type, value, turn(sent, sendable));
      }
      if (operation.body) ForEachNamed(*operation.body, sample.body, turn(sent, sendable));
      if (!IsAbsent(sample.reply)) {
        ForEachNamed(*ReplyType(rpc), sample.reply, turn(received, receivable));
      }
      if (!Trip(rpc, sample, Way::kRequest)) break;
    }
  }
  ExpectAllSeen(sendable, sent, "enum texts sent");
  ExpectAllSeen(receivable, received, "enum texts received");
}

TEST_F(PaynowRoundTripTest, UnknownEnumTextsReachTheCaller) {
  const Rpc& rpc = Find(*rpcs_, "Orders_GetOrderById");
  Sample sample = MakeSample(rpc, {});
  sample.reply["status"] = "half_baked\n";
  recorder_->Answer(JsonReply(200, sample.reply));
  const Answer answer =
      stack_->caller().Call(rpc.path, ToRequest(rpc, sample, sent_)->SerializeAsString());
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(recorder_->Take().size(), 1u);

  ASSERT_EQ(answer.trailers.count("gateway-unrecognized"), 1u);
  EXPECT_EQ(answer.trailers.find("gateway-unrecognized")->second,
            "paynow.management.v1.OrderDto.status=half_baked\\n");
  const std::unique_ptr<Message> reply = NewMessage(*rpc.method->output_type());
  ASSERT_TRUE(reply->ParseFromString(answer.message));
  sample.reply["status"] = "(unspecified)";
  EXPECT_EQ(absl::StrJoin(Differences(*ReplyType(rpc), sample.reply,
                                      FromReply(rpc, *reply, received_), Way::kReply),
                          "\n"),
            "");
  EXPECT_EQ(stack_->gateway().drift().Counts().at(
                "unknown_enum_text paynow.management.v1.OrderDto.status"),
            1u);
}

TEST_F(PaynowRoundTripTest, UnknownMembersPassAndAreCounted) {
  const Rpc& rpc = Find(*rpcs_, "Orders_GetOrderById");
  Sample sample = MakeSample(rpc, {});
  Json reply = sample.reply;
  reply["brand_new"] = {{"deep", {1, "two", nullptr}}};
  recorder_->Answer(JsonReply(200, reply));
  const Answer answer =
      stack_->caller().Call(rpc.path, ToRequest(rpc, sample, sent_)->SerializeAsString());
  const std::string problem = Problem(rpc, sample, Way::kRequest, answer, recorder_->Take());
  EXPECT_EQ(problem, "");
  EXPECT_EQ(stack_->gateway().drift().Counts().at("unknown_member paynow.management.v1.OrderDto"),
            1u);
}

// The upstream documents an array in one place and an object in another, so the gateway reads both
// forms.
TEST_F(PaynowRoundTripTest, AnArrayOrAnObjectIsReadInEitherForm) {
  size_t operations = 0;
  for (const Rpc& rpc : *rpcs_) {
    if (!rpc.array_or_object) continue;
    ++operations;
    Sample sample = MakeSample(rpc, {});
    const bool array = sample.reply.is_array();
    const Json other = array ? sample.reply[0] : Json::array({sample.reply});
    if (array) sample.reply = Json::array({other});
    recorder_->Answer(JsonReply(200, other));
    const Answer answer =
        stack_->caller().Call(rpc.path, ToRequest(rpc, sample, sent_)->SerializeAsString());
    EXPECT_EQ(Problem(rpc, sample, Way::kRequest, answer, recorder_->Take()), "") << rpc.name();
  }
  EXPECT_EQ(operations, 2u);
}

// An empty or dotted segment would change the request's path.
TEST_P(RoundTripTest, PathValuesThatLeadElsewhereAreRefused) {
  size_t refused = 0;
  for (const Rpc& rpc : *rpcs_) {
    for (size_t i = 0; i < rpc.operation->path_params.size(); ++i) {
      for (const char* const text : {"", ".", ".."}) {
        Sample sample = MakeSample(rpc, {});
        if (!sample.path[i].is_string()) continue;
        sample.path[i] = text;
        const Answer answer =
            stack_->caller().Call(rpc.path, ToRequest(rpc, sample, sent_)->SerializeAsString());
        EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << rpc.name();
        const Details details = DetailsOf(answer.status);
        EXPECT_EQ(details.Fields().size(), 1u) << rpc.name();
        EXPECT_EQ(details.Meta("outcome"), "not_sent");
        ++refused;
      }
    }
  }
  std::cout << "path values refused: " << refused << "\n";
  EXPECT_GT(refused, Operations() / 2);
  EXPECT_EQ(recorder_->count(), 0u);
}

TEST_F(PaynowRoundTripTest, AThousandLinesArriveInOrder) {
  const Rpc& rpc = Find(*rpcs_, "Checkout_CreateCheckoutSession");
  Sample sample = MakeSample(rpc, {});
  Json& lines = sample.body["lines"];
  for (int i = static_cast<int>(lines.size()); i < 1000; ++i) {
    lines.push_back({{"product_id", absl::StrCat(411486491630370818 + i)},
                     {"quantity", i},
                     {"metadata", {{"line", absl::StrCat(i)}}}});
  }
  EXPECT_TRUE(Trip(rpc, sample, Way::kRequest));
}

// A reply may use an alternative name (alias) of the contract for a member. The gateway reads it as
// that member.
TEST_P(RoundTripTest, OtherSpellingsAreRead) {
  size_t respelled = 0;
  for (const Rpc& rpc : *rpcs_) {
    Sample sample = MakeSample(rpc, {});
    if (IsAbsent(sample.reply)) continue;
    Json spelled = sample.reply;
    ForEachNamed(*ReplyType(rpc), spelled, [&](const sandbox::Schema& schema, Json& value) {
      for (const sandbox::Field& field : schema.fields) {
        if (field.aliases.empty() || !value.contains(field.name)) continue;
        value[field.aliases.back()] = value[field.name];
        value.erase(field.name);
        ++respelled;
      }
    });
    recorder_->Answer(JsonReply(rpc.operation->reply.status, spelled));
    const Answer answer =
        stack_->caller().Call(rpc.path, ToRequest(rpc, sample, sent_)->SerializeAsString());
    EXPECT_EQ(Problem(rpc, sample, Way::kRequest, answer, recorder_->Take()), "") << rpc.name();
  }
  EXPECT_EQ(respelled > 0, std::string(expected_.provider) == "convergegate");
}

INSTANTIATE_TEST_SUITE_P(All, RoundTripTest,
                         testing::Values(Expected{"convergegate", 0}, Expected{"paymentkit", 0},
                                         kPaynow, Expected{"qashier", 0}),
                         [](const auto& info) { return std::string(info.param.provider); });

}  // namespace
}  // namespace gateway::end_to_end

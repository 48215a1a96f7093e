// Tests clients and upstreams whose version of PayNow's contract is not that of the protos.
//
// testdata/paynow-2026-05-15.binpb.gz holds the protos of the first version that the gateway
// served, without comments. A client of that time was built from these protos. The file must not
// change. testdata/paynow-2025-09-02.json.gz holds a contract that was one year old, in the form of
// upstream/sandbox/contracts/, without our additions to PayNow's OpenAPI file.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/config/config.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/other_version.h"
#include "tests/end_to_end/support/sample.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

using sandbox::ExampleOptions;

const mapping::Files& OldProtos() {
  static const auto& files = *new mapping::Files(ProtosOf(Unpacked("paynow-2026-05-15.binpb.gz")));
  return files;
}

// Returns the part of the reply for which the RPC's reply message has fields.
Json KnownReply(const Rpc& rpc, const Json& reply) {
  const Descriptor& type = *rpc.method->output_type();
  if (rpc.response_body.empty()) return Known(type, reply);
  return Known(*type.FindFieldByName(rpc.response_body), reply);
}

void UseKnownTextsInReply(const Rpc& rpc, Json& reply) {
  const Descriptor& type = *rpc.method->output_type();
  if (rpc.response_body.empty()) return UseKnownTexts(type, reply);
  UseKnownTexts(*type.FindFieldByName(rpc.response_body), reply);
}

// Reduces a sample of today's contract to the members and enum texts that the old client knows.
Sample AsKnownTo(const Rpc& old, Sample sample) {
  const Descriptor& request = *old.method->input_type();
  std::vector<std::pair<std::string, Json>> query;
  for (auto& [name, value] : sample.query) {
    const FieldDescriptor* field = FindByWireName(request, name);
    if (field == nullptr) continue;
    UseKnownTexts(*field, value);
    query.emplace_back(name, value);
  }
  sample.query = std::move(query);
  if (old.body == nullptr) sample.body = Absent();
  if (!IsAbsent(sample.body)) {
    sample.body = Known(*old.body, sample.body);
    UseKnownTexts(*old.body, sample.body);
  }
  if (!IsAbsent(sample.reply)) UseKnownTextsInReply(old, sample.reply);
  return sample;
}

// A client of the first version calls the gateway of today, with the contract of today.
class OldClientTest : public testing::Test {
 protected:
  OldClientTest()
      : recorder_(stack_.sandbox()),
        now_(RpcsOf(stack_.sandbox().contract())),
        old_(KnownRpcsOf(stack_.sandbox().contract(), OldProtos())) {}

  ~OldClientTest() override { stack_.sandbox().OnRequest(nullptr); }

  const Rpc& Now(const Rpc& old) const { return Find(now_, old.operation->id); }

  std::string Problem(const Rpc& old, const ExampleOptions& options) {
    Sample sample = AsKnownTo(old, MakeSample(Now(old), options));
    recorder_.Answer(JsonReply(old.operation->reply.status, sample.reply));
    ProtoJson sent;
    const Answer answer =
        stack_.caller().Call(old.path, ToRequest(old, sample, sent)->SerializeAsString());
    if (!IsAbsent(sample.body)) AddRequiredLists(*Now(old).body, sample.body);
    if (!answer.status.ok()) return answer.status.error_message();
    const std::vector<Arrival> arrivals = recorder_.Take();
    if (arrivals.size() != 1) return absl::StrCat(arrivals.size(), " requests arrived");
    std::vector<std::string> differences =
        Differences(Now(old), sample, arrivals[0], Way::kRequest);
    const std::vector<std::string> back = ReplyDifferences(old, sample, answer);
    differences.insert(differences.end(), back.begin(), back.end());
    return absl::StrJoin(differences, "\n");
  }

  std::vector<std::string> ReplyDifferences(const Rpc& old, const Sample& sample,
                                            const Answer& answer) {
    if (IsAbsent(sample.reply)) return {};
    const std::unique_ptr<Message> reply = NewMessage(*old.method->output_type());
    if (!reply->ParseFromString(answer.message)) return {"the reply does not parse"};
    reply->DiscardUnknownFields();
    return Differences(*ReplyType(old), KnownReply(old, sample.reply),
                       FromReply(old, *reply, received_), Way::kReply);
  }

  Stack stack_;
  Recorder recorder_;
  std::vector<Rpc> now_;
  std::vector<Rpc> old_;
  ProtoJson received_;
};

// The names of all RPCs of the old protos.
std::set<std::string> OldNames() {
  std::set<std::string> names;
  for (const auto* file : OldProtos()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        names.insert(file->service(s)->method(m)->full_name());
      }
    }
  }
  return names;
}

TEST_F(OldClientTest, EveryOperationIsStillServedUnderItsName) {
  std::set<std::string> served;
  for (const Rpc& rpc : old_) {
    EXPECT_EQ(rpc.name(), Now(rpc).name());
    served.insert(rpc.name());
  }
  EXPECT_EQ(served, OldNames());
}

TEST_F(OldClientTest, EveryFieldThatBothKnowArrivesBothWays) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    ExampleOptions options;
    options.seed = seed;
    size_t good = 0;
    for (const Rpc& old : old_) {
      const std::string problem = Problem(old, options);
      EXPECT_EQ(problem, "") << old.name();
      good += problem.empty();
    }
    std::cout << "old client, seed " << seed << ": " << good << "/" << old_.size()
              << " operations\n";
    EXPECT_EQ(good, OldNames().size());
  }
}

TEST_F(OldClientTest, IsNotAskedForWhatItDoesNotKnow) {
  ExampleOptions options;
  options.fill = sandbox::Fill::kRequiredOnly;
  for (const Rpc& old : old_) EXPECT_EQ(Problem(old, options), "") << old.name();
}

// Adds a key for each member of the reply that the protos lack, in the form of the drift counters.
void AddUnknown(const Descriptor& type, const Json& value, std::set<std::string>& keys);

void AddUnknown(const FieldDescriptor& field, const Json& value, std::set<std::string>& keys) {
  if (value.is_null() || field.message_type() == nullptr) return;
  if (field.is_repeated() && !field.is_map() && value.is_array()) {
    for (const Json& element : value) AddUnknown(*field.message_type(), element, keys);
  } else if (!field.is_map()) {
    AddUnknown(*field.message_type(), value, keys);
  }
}

void AddUnknown(const Descriptor& type, const Json& value, std::set<std::string>& keys) {
  if (!value.is_object() || IsWellKnown(type)) return;
  for (const auto& [name, member] : value.items()) {
    const FieldDescriptor* field = FindByWireName(type, name);
    if (field == nullptr) {
      keys.insert(absl::StrCat("unknown_member ", type.full_name()));
    } else {
      AddUnknown(*field, member, keys);
    }
  }
}

void AddUnknownInReply(const Rpc& rpc, const Json& reply, std::set<std::string>& keys) {
  const Descriptor& type = *rpc.method->output_type();
  if (rpc.response_body.empty()) return AddUnknown(type, reply, keys);
  AddUnknown(*type.FindFieldByName(rpc.response_body), reply, keys);
}

std::set<std::string> Counted(const Gateway& gateway, absl::string_view kind) {
  std::set<std::string> keys;
  for (const auto& [key, count] : gateway.drift().Counts()) {
    if (absl::StartsWith(key, kind)) keys.insert(key);
  }
  return keys;
}

// Calls each read of `rpcs`, answered as the contract of its operation says, and expects success.
// Returns the keys that the gateway should have counted as unknown members.
std::set<std::string> ReadAll(const std::vector<Rpc>& rpcs, Recorder& recorder, Caller& caller) {
  std::set<std::string> unknown;
  size_t reads = 0;
  for (const Rpc& rpc : rpcs) {
    if (rpc.operation->verb != "GET") continue;
    ++reads;
    const Sample sample = MakeSample(rpc, {});
    recorder.Answer(JsonReply(rpc.operation->reply.status, sample.reply));
    ProtoJson sent;
    const Answer answer = caller.Call(rpc.path, ToRequest(rpc, sample, sent)->SerializeAsString());
    EXPECT_TRUE(answer.status.ok()) << rpc.name() << ": " << answer.status.error_message();
    EXPECT_EQ(recorder.Take().size(), 1u) << rpc.name();
    if (!IsAbsent(sample.reply)) AddUnknownInReply(rpc, sample.reply, unknown);
  }
  std::cout << reads << " reads\n";
  EXPECT_GT(reads, 40u);
  return unknown;
}

// A gateway with the protos of the first version, in front of the upstream of today.
TEST(OtherVersionsTest, AnOldGatewayReadsTodaysUpstreamAndNamesWhatIsNew) {
  Stack stack;
  Recorder recorder(stack.sandbox());
  Config config;
  config.listen = "127.0.0.1:0";
  UpstreamConfig& upstream = config.upstreams["paynow"];
  upstream.options.base_url = absl::StrCat("http://127.0.0.1:", stack.sandbox().port());
  upstream.options.default_store = kStore;
  const std::string key_file = testing::TempDir() + "/other-versions-key";
  std::ofstream(key_file) << sandbox::kSandboxApiKey << "\n";
  upstream.api_key.file = key_file;
  const auto gateway = Gateway::Create(config, OldProtos());
  ASSERT_TRUE(gateway.ok()) << gateway.status();
  Caller caller((*gateway)->port());
  std::vector<Rpc> rpcs = KnownRpcsOf(stack.sandbox().contract(), OldProtos());
  // The request is reduced to the members that the old protos have; the reply is today's.
  std::set<std::string> unknown;
  size_t reads = 0;
  for (const Rpc& rpc : rpcs) {
    if (rpc.operation->verb != "GET") continue;
    ++reads;
    Sample sample = MakeSample(rpc, {});
    const Json reply = sample.reply;
    sample = AsKnownTo(rpc, std::move(sample));
    recorder.Answer(JsonReply(rpc.operation->reply.status, reply));
    ProtoJson sent;
    const Answer answer = caller.Call(rpc.path, ToRequest(rpc, sample, sent)->SerializeAsString());
    EXPECT_TRUE(answer.status.ok()) << rpc.name() << ": " << answer.status.error_message();
    if (!IsAbsent(reply)) AddUnknownInReply(rpc, reply, unknown);
  }
  EXPECT_GT(reads, 60u);
  EXPECT_GT(unknown.size(), 5u);
  EXPECT_EQ(Counted(**gateway, "unknown_member"), unknown);
  stack.sandbox().OnRequest(nullptr);
}

// The gateway of today, in front of an upstream with the contract of a year ago.
TEST(OtherVersionsTest, TodaysGatewayReadsAnUpstreamOfAYearAgo) {
  Stack stack;
  Recorder recorder(stack.sandbox());
  const auto contract = sandbox::Contract::Parse(Unpacked("paynow-2025-09-02.json.gz"));
  ASSERT_TRUE(contract.ok()) << contract.status();
  const std::vector<Rpc> rpcs = KnownRpcsOf(**contract, mapping::EmbeddedFiles());
  const std::set<std::string> unknown = ReadAll(rpcs, recorder, stack.caller());
  EXPECT_EQ(Counted(stack.gateway(), "unknown_member"), unknown);
  // Members that the contract got since then are missing from the replies, and counted as missing.
  EXPECT_GT(Counted(stack.gateway(), "missing").size(), 10u);
  stack.sandbox().OnRequest(nullptr);
}

// The gateway of today, in front of the upstream of today: no member is unknown or missing.
TEST(OtherVersionsTest, TodaysGatewayKnowsTodaysUpstream) {
  Stack stack;
  Recorder recorder(stack.sandbox());
  const std::set<std::string> unknown =
      ReadAll(RpcsOf(stack.sandbox().contract()), recorder, stack.caller());
  EXPECT_EQ(unknown, std::set<std::string>());
  EXPECT_EQ(stack.gateway().drift().Counts().size(), 0u);
  stack.sandbox().OnRequest(nullptr);
}

}  // namespace
}  // namespace gateway::end_to_end

// Fills the fields that the protos mark as sensitive or credential, for all operations and all
// results of a call: no log line and no answer may contain their values. Every attack program
// searches for the keys (see victim.h); this one does so with all operations.
#include <google/protobuf/message.h>

#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/sample.h"
#include "tests/security/victim.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::security {
namespace {

using end_to_end::Descriptor;
using end_to_end::FieldDescriptor;
using end_to_end::Json;
using end_to_end::Message;
using end_to_end::Rpc;
using end_to_end::RulesOf;
using http::Received;
using http::Step;

bool IsText(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_STRING &&
         (RulesOf(field).sensitive() || RulesOf(field).credential());
}

// Puts kSensitive into every sensitive or credential text of the message. Returns the number of
// texts.
int Plant(Message& message) {
  const auto& reflection = *message.GetReflection();
  int planted = 0;
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        planted +=
            Plant(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                       : *reflection.MutableMessage(&message, field));
      } else if (IsText(*field)) {
        ++planted;
        if (field->is_repeated()) {
          reflection.SetRepeatedString(&message, field, i, kSensitive);
        } else {
          reflection.SetString(&message, field, kSensitive);
        }
      }
    }
  }
  return planted;
}

// Puts kSensitive into every such text of a JSON reply that will be read into a message of `type`.
int Plant(const Descriptor& type, Json& value) {
  int planted = 0;
  if (value.is_array()) {
    for (Json& element : value) planted += Plant(type, element);
    return planted;
  }
  if (!value.is_object()) return 0;
  if (type.field_count() == 1 && type.field(0)->name() == "items") {
    return type.field(0)->message_type() == nullptr ? 0
                                                    : Plant(*type.field(0)->message_type(), value);
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    for (const std::string& name : {field.name(), field.json_name()}) {
      const auto member = value.find(name);
      if (member == value.end()) continue;
      if (field.message_type() != nullptr && !field.is_map()) {
        planted += Plant(*field.message_type(), *member);
      } else if (IsText(field) && member->is_string()) {
        *member = kSensitive;
        ++planted;
      }
      break;
    }
  }
  return planted;
}

class Canary : public AttackTest {
 protected:
  // Returns everything that the caller receives apart from the reply itself.
  static std::string ToldBy(const RpcAnswer& answer) {
    std::string all = absl::StrCat(answer.status.error_message(), answer.status.error_details());
    for (const auto& [name, value] : answer.trailers) absl::StrAppend(&all, name, value);
    return all;
  }

  static Step Answer(int status, const std::string& body) {
    return Step::Raw(
        absl::StrCat("HTTP/1.1 ", status, " X\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  }
};

TEST_F(Canary, NoSensitiveFieldAndNoKeyIsWrittenOrTold) {
  int calls = 0;
  int in_requests = 0;
  int in_replies = 0;
  for (const char* provider : {"paynow", "paymentkit", "qashier", "convergegate"}) {
    const sandbox::Contract& contract = *sandbox::ContractOf(provider).value();
    for (const Rpc& rpc : end_to_end::RpcsOf(contract)) {
      end_to_end::ProtoJson convert;
      end_to_end::Sample sample = end_to_end::MakeSample(rpc, {});
      const std::unique_ptr<Message> request = ToRequest(rpc, sample, convert);
      in_requests += Plant(*request);
      if (!end_to_end::IsAbsent(sample.reply)) {
        in_replies += Plant(*rpc.method->output_type(), sample.reply);
      }
      const std::string reply = end_to_end::IsAbsent(sample.reply) ? "" : sample.reply.dump();
      const std::string cut = reply.substr(0, reply.size() / 2);
      const std::vector<Step> answers = {Answer(200, reply), Answer(200, cut), Answer(500, "{}"),
                                         Answer(422, "{}"), Step::ExecuteAndClose()};
      for (const Step& answer : answers) {
        victim().React([&](const Received&) { return answer; });
        const RpcAnswer told = CallBytesOf(victim().address(), rpc.path.substr(1),
                                           request->SerializeAsString(), victim().Root());
        ++calls;
        EXPECT_FALSE(absl::StrContains(ToldBy(told), kSensitive)) << rpc.name();
        EXPECT_FALSE(absl::StrContains(ToldBy(told), kMarker)) << rpc.name();
      }
    }
  }
  EXPECT_GT(in_requests, 20);
  EXPECT_GT(in_replies, 20);
  EXPECT_FALSE(absl::StrContains(victim().Metrics(), kSensitive));
  Saw(absl::StrCat(calls, " calls, ", in_requests, " sensitive texts sent, ", in_replies,
                   " received"));
}

}  // namespace
}  // namespace gateway::security

// The common mistakes, made in every field, enum value and RPC of the protos.
//
// Many are made before each compilation, but never two whose differences have the same place: the
// facts of a schema's field, of an enum's value and of an RPC stand at places of their own,
// whatever is wrong elsewhere. The fields of a request share their RPC, so they take turns.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/contract/counts.h"
#include "tests/contract/deviations.h"
#include "tests/contract/editable_protos.h"
#include "tests/contract/facts.h"
#include "tests/contract/providers.h"
#include "tests/contract/published_contract.h"
#include "tests/contract/slips.h"

namespace gateway::contract {
namespace {

using Enum = EditableProtos::Enum;
using Field = EditableProtos::Field;
using File = EditableProtos::File;
using Message = EditableProtos::Message;
using Rpc = EditableProtos::Rpc;

std::string WireName(const Field& field) {
  const std::string& given = field.options().GetExtension(v1::field).wire_name();
  return given.empty() ? field.name() : given;
}

class ProtoSweepTest : public testing::Test {
 protected:
  ProtoSweepTest() {
    ForEachFile(original_, [this](const File& file) {
      for (const auto& service : file.service()) {
        for (const Rpc& rpc : service.method()) {
          if (IsStream(rpc)) streamed_.insert(TypeName(rpc.output_type()));
        }
      }
    });
    ForEachRpc(original_, [this](const std::string& tag, const Rpc& rpc) {
      std::string unit = absl::StrCat("operation ", tag, "_", rpc.name());
      requests_[TypeName(rpc.input_type())] = unit;
      bool wraps = !rpc.options().GetExtension(google::api::http).response_body().empty();
      if (wraps) replies_[TypeName(rpc.output_type())] = unit;
    });
  }

  static std::string TypeName(absl::string_view full_name) {
    return std::string(full_name.substr(full_name.rfind('.') + 1));
  }

  template <typename Visit>
  static void ForEachFile(EditableProtos& protos, Visit visit) {
    for (File& file : protos.files()) {
      if (file.package() == kPaynowPackage) visit(file);
    }
  }

  template <typename Visit>
  static void ForEachRpc(EditableProtos& protos, Visit visit) {
    ForEachFile(protos, [&visit](File& file) {
      for (auto& service : *file.mutable_service()) {
        std::string tag(absl::StripSuffix(service.name(), "Service"));
        for (Rpc& rpc : *service.mutable_method()) {
          if (!IsStream(rpc)) visit(tag, rpc);
        }
      }
    });
  }

  template <typename Visit>
  static void ForEachMessage(EditableProtos& protos, Visit visit) {
    ForEachFile(protos, [&visit](File& file) {
      for (Message& message : *file.mutable_message_type()) visit(message);
    });
  }

  // Of these the contract says nothing: see streams_test.cc.
  static bool IsStream(const Rpc& rpc) {
    return rpc.options().GetExtension(v1::method).has_pages();
  }

  bool IsSchema(const std::string& message) const {
    return streamed_.count(message) == 0 && requests_.count(message) == 0 &&
           replies_.count(message) == 0;
  }

  // Of a message or an enum: the upstream's name where that is another one.
  static std::string SchemaUnit(const Message& type) {
    const std::string& name = type.options().GetExtension(v1::schema).name();
    return absl::StrCat("schema ", name.empty() ? type.name() : name);
  }
  static std::string SchemaUnit(const Enum& type) {
    const std::string& name = type.options().GetExtension(v1::enum_schema).name();
    return absl::StrCat("schema ", name.empty() ? type.name() : name);
  }

  // The unit and the beginning of the place of each mistake that was made.
  using Expected = std::vector<std::pair<std::string, std::string>>;

  void ExpectAll(const EditableProtos& protos, const Expected& expected, const std::string& what) {
    absl::StatusOr<Facts> mutated = protos.Compile();
    ASSERT_TRUE(mutated.ok()) << what << ": " << mutated.status();
    Verdict verdict = Judge(Compare(published_, *mutated), deviations_);
    std::map<std::string, std::vector<std::string>> places;
    for (const auto* differences : {&verdict.unexplained, &verdict.vanished}) {
      for (const Difference& difference : *differences) {
        places[difference.unit].push_back(difference.place);
      }
    }
    for (const auto& [unit, place] : expected) {
      auto& found = places[unit];
      bool named = std::any_of(found.begin(), found.end(), [&place = place](const auto& other) {
        return absl::StartsWith(other, place);
      });
      EXPECT_TRUE(named) << what << ": nothing at " << unit << ", " << place;
      ++made_;
    }
  }

  // Makes the mistake in the nth field of each wrapper of that kind.
  Expected MakeInNth(EditableProtos& protos, const std::map<std::string, std::string>& wrappers,
                     const FieldSlip& slip, int nth) {
    Expected expected;
    ForEachMessage(protos, [&](Message& message) {
      auto unit = wrappers.find(message.name());
      if (unit == wrappers.end() || message.field_size() <= nth) return;
      if (slip.make(message, nth)) expected.push_back({unit->second, ""});
    });
    return expected;
  }

  void SweepWrappers(const std::map<std::string, std::string>& wrappers) {
    int most = 0;
    ForEachMessage(original_, [&](Message& message) {
      if (wrappers.count(message.name()) > 0) most = std::max(most, message.field_size());
    });
    for (const FieldSlip& slip : FieldSlips()) {
      for (int nth = 0; nth < most; ++nth) {
        EditableProtos protos = original_;
        Expected expected = MakeInNth(protos, wrappers, slip, nth);
        if (!expected.empty()) ExpectAll(protos, expected, slip.name);
      }
    }
  }

  void ExpectAtLeast(int made) const {
    std::cout << made_ << " mistakes made\n";
    EXPECT_GE(made_, made);
  }

  EditableProtos original_;
  const Facts published_ = PublishedFacts(ContractOf(kPaynow));
  const std::vector<Deviation> deviations_ = DeviationsOf(kPaynow);
  std::map<std::string, std::string> requests_;  // units, by the name of the message
  std::map<std::string, std::string> replies_;
  std::set<std::string> streamed_;
  int made_ = 0;
};

TEST_F(ProtoSweepTest, EveryFieldOfASchema) {
  for (const FieldSlip& slip : FieldSlips()) {
    EditableProtos protos = original_;
    Expected expected;
    ForEachMessage(protos, [&](Message& message) {
      if (!IsSchema(message.name())) return;
      for (int i = message.field_size() - 1; i >= 0; --i) {
        std::string place = WireName(message.field(i)) + ".";
        if (!slip.make(message, i)) continue;
        expected.push_back({SchemaUnit(message), place});
      }
    });
    ExpectAll(protos, expected, slip.name);
  }
  ExpectAtLeast(20000);
}

TEST_F(ProtoSweepTest, EveryFieldOfARequest) {
  SweepWrappers(requests_);
  ExpectAtLeast(6000);
}

TEST_F(ProtoSweepTest, EveryFieldOfAWrappedReply) {
  SweepWrappers(replies_);
  ExpectAtLeast(400);
}

TEST_F(ProtoSweepTest, EveryValueOfAnEnum) {
  EditableProtos texts = original_;
  EditableProtos names = original_;
  Expected expected;
  auto for_each_value = [](EditableProtos& protos, auto visit) {
    ForEachFile(protos, [&visit](File& file) {
      for (Enum& type : *file.mutable_enum_type()) {
        for (auto& value : *type.mutable_value()) visit(type, value);
      }
    });
  };
  for_each_value(texts, [&](const Enum& type, auto& value) {
    std::string text = absl::StrCat("text of ", value.number());
    value.mutable_options()->MutableExtension(v1::value)->set_text(text);
    bool zero = value.number() == 0;
    expected.push_back({SchemaUnit(type), zero ? "proper zero" : "value " + text});
  });
  ExpectAll(texts, expected, "other text");

  expected.clear();
  for_each_value(names, [&](const Enum& type, auto& value) {
    value.set_name(absl::StrCat("X", value.name()));
    expected.push_back({SchemaUnit(type), ""});
  });
  ExpectAll(names, expected, "other name");
  ExpectAtLeast(2 * static_cast<int>(CountOf(kPaynow, "enum_texts")));
}

TEST_F(ProtoSweepTest, EveryRpc) {
  for (const RpcSlip& slip : RpcSlips()) {
    EditableProtos protos = original_;
    Expected expected;
    ForEachRpc(protos, [&](const std::string& tag, Rpc& rpc) {
      expected.push_back({absl::StrCat("operation ", tag, "_", rpc.name()), slip.place});
      slip.make(rpc);
    });
    ExpectAll(protos, expected, slip.place);
  }
  ExpectAtLeast(static_cast<int>(CountOf(kPaynow, "operations") * RpcSlips().size()));
}

}  // namespace
}  // namespace gateway::contract

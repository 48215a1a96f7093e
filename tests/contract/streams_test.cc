// Every paged list RPC has a streaming RPC beside it. Whether the two match is checked when the
// routes are compiled (upstream/mapping/paged_list.h).
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"

namespace gateway::contract {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

bool IsPagedList(const MethodDescriptor& rpc) {
  if (!rpc.options().HasExtension(google::api::http)) return false;
  const auto has = [&](const char* name) {
    return rpc.input_type()->FindFieldByName(name) != nullptr;
  };
  return has("limit") && (has("after") || has("starting_after"));
}

const MethodDescriptor* StreamOf(const MethodDescriptor& list) {
  const ServiceDescriptor& service = *list.service();
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& pages = service.method(i)->options().GetExtension(v1::method).pages();
    if (pages.list() == list.name()) return service.method(i);
  }
  return nullptr;
}

TEST(StreamsTest, EveryPagedListHasOne) {
  size_t lists = 0;
  for (const auto* const file : mapping::EmbeddedFiles()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const MethodDescriptor& rpc = *file->service(s)->method(m);
        if (!IsPagedList(rpc)) continue;
        ++lists;
        const MethodDescriptor* const stream = StreamOf(rpc);
        ASSERT_NE(stream, nullptr) << rpc.full_name();
        EXPECT_EQ(stream->index(), rpc.index() + 1) << rpc.full_name();
        EXPECT_EQ(stream->output_type()->name(), absl::StrCat(stream->name(), "Response"));
      }
    }
  }
  const auto table = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->lists().size(), lists);
  EXPECT_GE(lists, 16u);
  std::cout << lists << " paged lists, each with its stream\n";
}

// Returns the comment in front of a field of a message, as reflection shows it.
std::string CommentOf(const google::protobuf::FileDescriptorProto& file, int message, int field) {
  for (const auto& location : file.source_code_info().location()) {
    const auto& path = location.path();
    if (path.size() == 4 && path[0] == file.kMessageTypeFieldNumber && path[1] == message &&
        path[2] == google::protobuf::DescriptorProto::kFieldFieldNumber && path[3] == field) {
      return location.leading_comments();
    }
  }
  return "";
}

// The authors of three clients in three languages used the wrong cursor. So the comment of each
// `asc` field must say which cursor goes with which order.
TEST(StreamsTest, EveryOrderSaysWhichCursorGoesWithIt) {
  size_t orders = 0;
  for (const auto* const file : mapping::EmbeddedFiles()) {
    google::protobuf::FileDescriptorProto commented;
    ASSERT_TRUE(commented.ParseFromString(std::string(mapping::EmbeddedBytes(file->name()))));
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto* const asc = file->message_type(i)->FindFieldByName("asc");
      if (asc == nullptr) continue;
      ++orders;
      const std::string comment = CommentOf(commented, i, asc->index());
      EXPECT_TRUE(absl::StrContains(comment, "`after`") && absl::StrContains(comment, "`before`"))
          << asc->full_name();
    }
  }
  EXPECT_GE(orders, 13u);
}

}  // namespace
}  // namespace gateway::contract

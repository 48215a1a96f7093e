// The protos of one package as values: what apigen derives from an OpenAPI file, what it reads back
// from committed protos, and what it prints.
//
// Types of the package itself go by their short name, all others by their full name. Plain values:
// copy freely.
#ifndef TOOLS_APIGEN_MODEL_MODEL_H_
#define TOOLS_APIGEN_MODEL_MODEL_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.pb.h"

namespace gateway::apigen {

// Text as protobuf's parser hands it out: without the slashes, each line ending in a newline.
struct Comments {
  // Comments above the element that a blank line separates from it.
  std::vector<std::string> detached;
  std::string leading;
  std::string trailing;
};

// Numbers and names that were used once and must not come back.
class Reserved {
 public:
  // Inclusive. Overlapping and adjacent ranges are merged.
  void AddRange(int first, int last);
  void AddNumber(int number) { AddRange(number, number); }
  bool empty() const { return ranges_.empty() && names.empty(); }

  // Maps the first number of each range to the last; ascending.
  const std::map<int, int>& ranges() const { return ranges_; }

  std::set<std::string> names;
  Comments range_comments;
  Comments name_comments;

 private:
  std::map<int, int> ranges_;
};

enum class Label { kOptional, kPlain, kRepeated, kMap };

struct Field {
  std::string name;
  int number = 0;
  Label label = Label::kPlain;
  // "string", "OrderDto", "google.protobuf.Value". If the label is kMap, the type of the values;
  // keys are strings.
  std::string type;
  google::protobuf::FieldOptions options;
  Comments comments;
  // Whether the option `required` is only this project's default for bodies: the upstream does not
  // state it.
  bool assumed_required = false;
};

struct Message {
  std::string name;
  // Made for one RPC; no schema of the OpenAPI file has this name.
  bool wrapper = false;
  std::vector<Field> fields;
  Reserved reserved;
  google::protobuf::MessageOptions options;
  Comments comments;
};

struct EnumValue {
  std::string name;
  int number = 0;
  google::protobuf::EnumValueOptions options;
  Comments comments;
};

struct Enum {
  std::string name;
  // The value 0 comes first.
  std::vector<EnumValue> values;
  Reserved reserved;
  google::protobuf::EnumOptions options;
  Comments comments;
};

struct Method {
  std::string name;
  std::string input;
  std::string output;
  google::protobuf::MethodOptions options;
  Comments comments;
  bool streams = false;  // Whether the replies are a stream.
};

struct Service {
  std::string name;
  // The stem of the file that holds it: "affiliate_links" for affiliate_links.proto.
  std::string stem;
  std::vector<Method> methods;
  google::protobuf::ServiceOptions options;
  Comments comments;
};

// Everything that the callers of a package can see, without regard to files.
struct Contract {
  std::vector<Service> services;
  std::map<std::string, Message> messages;
  std::map<std::string, Enum> enums;
};

// Returns the number after the highest number that is or was in use. Skips the field numbers that
// protobuf keeps for itself.
int NextNumber(const std::vector<Field>& fields, const Reserved& reserved);
int NextNumber(const std::vector<EnumValue>& values, const Reserved& reserved);

// The text that a value has in JSON: its annotation, or its name without the enum's prefix in lower
// case. Empty for the value 0.
std::string TextOf(const Enum& owner, const EnumValue& value);

// The upstream's name of a schema: the option `name`, or else the name of the type.
std::string UpstreamNameOf(const Message& message);
std::string UpstreamNameOf(const Enum& value);

// The name of a field in JSON or in the query.
std::string WireNameOf(const Field& field);

// The texts of all values, in their order.
std::vector<std::string> TextsOf(const Enum& value);

// If protobuf does not accept the name of `field` beside the names of `others`, puts `prefix` in
// front and, if that name is taken too, a number behind. The option wire_name then keeps the name
// in JSON.
void MakeNameUnique(absl::string_view prefix, const std::vector<Field>& others, Field& field);

// Makes the enum value for a text, with number 0. `prefix`: see EnumPrefix().
EnumValue MakeEnumValue(const std::string& prefix, const std::string& text);

// "get /v1/stores/{}/coupons": the verb and path of the upstream's operation, without the names of
// path parameters. Empty if the method has no google.api.http option.
std::string RouteOf(const Method& method);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MODEL_MODEL_H_

#include "tools/apigen/mapping/inline_objects.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/apigen/model/naming.h"

namespace gateway::apigen {
namespace {

using Kind = Schema::Kind;

class Lifter {
 public:
  explicit Lifter(Api& api) : api_(api) {
    for (const NamedSchema& named : api.schemas) names_.insert(named.name);
  }

  void Run() {
    // Schemas found here are appended at the end, and then searched for inline objects in turn.
    for (size_t i = 0; i < api_.schemas.size(); ++i) {
      const std::string owner = api_.schemas[i].name;
      Schema schema = std::move(api_.schemas[i].schema);
      LiftWithin(owner, schema);
      api_.schemas[i].schema = std::move(schema);
    }
    for (Operation& operation : api_.operations) LiftOperation(operation);
    for (size_t i = 0; i < lifted_.size(); ++i) {
      NamedSchema named = lifted_[i];
      LiftWithin(named.name, named.schema);
      api_.schemas.push_back(std::move(named));
    }
  }

 private:
  void LiftOperation(Operation& operation) {
    for (auto* parameters : {&operation.path_parameters, &operation.query_parameters}) {
      for (Property& parameter : *parameters) {
        Lift(absl::StrCat(operation.rpc, PascalCase(parameter.name)), parameter.schema);
      }
    }
    if (operation.body) Lift(absl::StrCat(operation.rpc, "Body"), *operation.body);
    if (operation.reply) Lift(absl::StrCat(operation.rpc, "Reply"), *operation.reply);
  }

  // Names the inline objects in the members or elements of `schema`.
  void LiftWithin(const std::string& owner, Schema& schema) {
    for (Property& property : schema.properties) {
      Lift(absl::StrCat(owner, PascalCase(property.name)), property.schema);
    }
    for (Schema& element : schema.element) Lift(absl::StrCat(owner, "Item"), element);
  }

  void Lift(const std::string& wanted, Schema& schema) {
    for (Schema& element : schema.element) Lift(wanted, element);
    if (schema.kind != Kind::kObject) return;
    std::string name = wanted;
    while (!names_.insert(name).second) absl::StrAppend(&name, "Object");
    Schema reference;
    reference.kind = Kind::kRef;
    reference.ref = name;
    reference.pointer = schema.pointer;
    reference.nullable = schema.nullable;
    reference.deprecated = schema.deprecated;
    reference.text = schema.text;
    schema.nullable = false;
    schema.deprecated = false;
    lifted_.push_back({name, std::move(schema)});
    schema = std::move(reference);
  }

  Api& api_;
  std::set<std::string> names_;
  std::vector<NamedSchema> lifted_;
};

}  // namespace

void NameInlineObjects(Api& api) { Lifter(api).Run(); }

}  // namespace gateway::apigen

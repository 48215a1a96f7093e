#include "service/telemetry/operation.h"

#include "absl/strings/str_cat.h"

namespace gateway {

Operation OperationOf(const mapping::Route& route) {
  Operation operation;
  operation.full_name = route.full_name;
  operation.service = route.service;
  operation.method = route.full_name.substr(route.service.size() + 1);
  operation.access = route.access;
  operation.http_method = std::string(http::Name(route.method));
  for (const mapping::Route::PathPart& part : route.path) {
    absl::StrAppend(&operation.url_template, part.literal);
    if (part.field != nullptr) {
      absl::StrAppend(&operation.url_template, "{", part.field->name, "}");
    }
  }
  return operation;
}

Operation OperationOf(const mapping::PagedList& list) {
  Operation operation = OperationOf(*list.page);
  operation.full_name = list.full_name;
  operation.method = list.full_name.substr(operation.service.size() + 1);
  return operation;
}

}  // namespace gateway

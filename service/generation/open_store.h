// Opens a store where the configuration says that it is kept: in a SQLite file, or in PostgreSQL.
//
// Thread-safety: a function without state. Errors begin with the configuration's key.
#ifndef SERVICE_GENERATION_OPEN_STORE_H_
#define SERVICE_GENERATION_OPEN_STORE_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "service/config/read_file.h"

namespace gateway {

template <typename Store, typename Sqlite, typename Postgresql, typename Config, typename Options>
absl::StatusOr<std::unique_ptr<Store>> OpenStore(const Config& config, Options options) {
  if (!config.file.empty()) {
    auto opened = Sqlite::Open(
        {.common = std::move(options), .file = config.file, .max_bytes = config.max_bytes});
    if (!opened.ok()) return Prefixed("file: ", opened.status());
    return *std::move(opened);
  }
  auto dsn = ReadFile(config.dsn_file);
  if (!dsn) {
    return absl::NotFoundError(
        absl::StrCat("postgresql.dsn_file: ", WhyUnreadable(config.dsn_file)));
  }
  auto created = Postgresql::Create({.common = std::move(options), .dsn = *std::move(dsn)});
  if (!created.ok()) return Prefixed("postgresql.dsn_file: ", created.status());
  return *std::move(created);
}

}  // namespace gateway

#endif  // SERVICE_GENERATION_OPEN_STORE_H_

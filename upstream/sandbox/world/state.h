// The sandbox's store: collections of records. A collection has the name of its records' schema.
//
// A record is a JSON object in its schema's shape. The record may lack members, which are made up
// when the record is rendered. It may also hold hidden members that the schema does not have, such
// as relations to other records; these never reach a reply.
//
// Not thread-safe: the handler holds one lock around each request.
#ifndef UPSTREAM_SANDBOX_WORLD_STATE_H_
#define UPSTREAM_SANDBOX_WORLD_STATE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// Names one record for as long as it is there. Keys of a collection ascend in the order of
// creation.
struct Handle {
  std::string collection;
  int64_t key = 0;
};

// The values found at a dotted path; a path leads through the elements of every array that it
// meets.
std::vector<const Json*> Select(const Json& value, absl::string_view path);

// Whether the record has every relation of `where`, an object of path to expected value. A list of
// expected values means any of them; null means that there is no value or that it is null. Numbers
// equal their decimal text.
bool Matches(const Json& record, const Json& where);

class State {
 public:
  // A collection that holds more than `max_records` loses its oldest records, except those inserted
  // before Seal().
  explicit State(size_t max_records) : max_records_(max_records) {}

  // The record's key is its member "id" if that is a FlakeId; otherwise the key after the last one.
  Handle Insert(absl::string_view collection, Json record);
  void Replace(const Handle& handle, Json record);
  void Erase(const Handle& handle);

  // nullptr if the record is gone. Valid until the record is replaced or erased.
  const Json* Get(const Handle& handle) const;
  // In the order of creation.
  std::vector<Handle> FindAll(absl::string_view collection, const Json& where) const;
  std::optional<Handle> Find(absl::string_view collection, const Json& where) const;

  // Rollback takes back all changes since the last Begin.
  void Begin() { journal_.clear(); }
  void Rollback();
  // All records, by collection.
  Json Export() const;
  void Clear();
  // Records that were inserted up to now are never dropped.
  void Seal();

 private:
  struct Collection {
    std::map<int64_t, Json> records;
    int64_t last_key = 0;
    int64_t sealed_up_to = -1;
  };
  struct Change {
    Handle handle;
    std::optional<Json> before;
  };

  void Note(const Handle& handle);
  void EvictFrom(absl::string_view name, Collection& collection);

  const size_t max_records_;
  std::map<std::string, Collection> collections_;
  std::vector<Change> journal_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_STATE_H_
